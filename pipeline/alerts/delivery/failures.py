"""How a channel says that a message was not taken, and whether trying again may help."""

from datetime import timedelta


class Undelivered(Exception):
    """A message was not taken; the text says by whom and why, and holds no secret."""


class RetryLater(Undelivered):
    """It may be taken later: the service is busy, broken or out of reach."""

    def __init__(self, text: str, after: timedelta | None = None) -> None:
        super().__init__(text)
        # How long the service asked to wait.
        self.after = after


class Refused(Undelivered):
    """It will not be taken as it is: a wrong address or token, an unknown recipient."""
