"""The mail server that messages leave by, as one address says it."""

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

_PORTS: Final = {"smtp": 587, "smtps": 465}
MAILBOX: Final = re.compile(r"[^\s@<>,;:\"()\[\]]+@[A-Za-z0-9.-]+")


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over, and in whose name."""

    host: str
    port: int
    # TLS from the first byte, or by STARTTLS where the server offers it.
    tls: Literal["implicit", "offered"]
    # Both empty: the server asks for none. They are sent only within TLS.
    user: str
    password: str
    sender: str


def parse(url: str, sender: str) -> MailServer:
    """The server of `smtp://user:password@host:587`, or `smtps://…` for TLS from the first byte.

    Raises ValueError with what to write instead.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/"):
        raise ValueError("it must look like smtps://user:password@mail.example:465")
    if not MAILBOX.fullmatch(sender):
        raise ValueError("the sender must be a plain address such as tocsin@example.org")
    return MailServer(
        parts.hostname,
        parts.port or _PORTS[parts.scheme],
        "implicit" if parts.scheme == "smtps" else "offered",
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        sender,
    )
