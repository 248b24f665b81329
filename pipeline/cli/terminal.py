"""Text of others on a terminal, which would obey it."""


def plain(text: str, *, lines: bool = False) -> str:
    """`text` as characters that only print: news must not command the terminal.

    Control characters, bidirectional overrides and whatever else nobody sees become a `·`, every
    kind of space a space. With `lines` line feeds stay.
    """
    if lines:
        return "\n".join(map(plain, text.split("\n")))
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else "·"
