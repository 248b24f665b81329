"""Any service that the library apprise knows. https://appriseit.com/services/"""

import logging
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar, Final

import msgspec
from apprise import Apprise, AppriseAsset, LogCapture, NotifyFormat

from pipeline.alerts.delivery.failures import Refused, RetryLater
from pipeline.alerts.delivery.layout import PLAIN, lay_out
from pipeline.alerts.delivery.message import Message
from pipeline.alerts.delivery.sending import Means, SecretName
from pipeline.netguard import AddressRefused, Guard
from pipeline.wording.text import unlinked

# Services differ; the most common limit is 2,000 characters, and apprise cuts what is longer.
_LONGEST: Final = 1_900
# How it logs what a service answered; there is no other way to learn it.
_STATUS: Final = re.compile(r"error=(\d{3})")
_LATER: Final = frozenset({408, 425, 429})
# Many services make links of codes such as 9901.HK.
_UNLINKED: Final = replace(PLAIN, text=unlinked, strong=unlinked)


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One service. `url` names the secret that holds its apprise address: `discord://…`."""

    per_minute: ClassVar[int] = 20
    shows_chart: ClassVar[bool] = False

    url: SecretName

    def send(self, message: Message, means: Means) -> None:
        """As plain text, in one part."""
        service = Apprise(asset=AppriseAsset(http_redirects=False))
        if not service.add(means.secret(self.url)):
            raise Refused("apprise knows no such address")
        text = lay_out(message, _UNLINKED, _LONGEST)
        with (
            _guarded(means.post.guard) as refusals,
            LogCapture(level=logging.WARNING, fmt="%(message)s") as log,  # type: ignore[no-untyped-call]
        ):
            title = unlinked(message.subject)
            sent = service.notify(text, title=title, body_format=NotifyFormat.TEXT)
        if refusals:
            raise Refused(str(refusals[0]))
        if not sent:
            _fail(log.getvalue())


def _fail(log: str) -> None:
    found = _STATUS.search(log)
    if found is None:
        raise RetryLater("the service was not reached")
    status = int(found[1])
    error = RetryLater if status in _LATER or status >= 500 else Refused
    raise error(f"HTTP {status}")


@contextmanager
def _guarded(guard: Guard) -> Iterator[list[AddressRefused]]:
    """Let apprise, which offers no way to, reach only what the guard lets pass.

    That holds for the whole process until it is over: nothing else in it may look names up.
    """
    refusals: list[AddressRefused] = []
    plain = socket.getaddrinfo

    def look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return guard.getaddrinfo(host, int(port), *args, **kwargs)
        except AddressRefused as error:
            refusals.append(error)
            raise

    socket.getaddrinfo = look_up
    try:
        yield refusals
    finally:
        socket.getaddrinfo = plain
