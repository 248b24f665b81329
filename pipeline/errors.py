"""What a person can mend, told in one sentence."""


class OperatorError(Exception):
    """The base of every error whose text is meant for the person at the terminal.

    The `tocsin` command prints it and ends with `exit_code`; anything else keeps its traceback.
    """

    exit_code = 1
