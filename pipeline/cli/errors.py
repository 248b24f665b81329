"""What a command raises when it cannot go on."""

from pipeline.errors import OperatorError


class CommandError(OperatorError):
    """A command cannot go on; the message is one sentence for the person at the terminal."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
