"""What a command raises when it cannot go on."""

from pipeline.errors import OperatorError


class CommandError(OperatorError):
    """A command cannot go on; the message is one sentence for the person at the terminal."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def unusable(error: OSError) -> str:
    """One sentence for a file that could not be read or written, and why."""
    reason = (error.strerror or type(error).__name__).lower()
    return f"{error.filename or 'A file'} cannot be used: {reason}."
