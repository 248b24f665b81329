"""How a message leaves: what a channel is, and what it is given."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, ClassVar, Protocol, cast

import msgspec

from pipeline.alerts.delivery import channels
from pipeline.alerts.delivery.message import Message
from pipeline.alerts.delivery.post import Post
from pipeline.mailserver import MailServer

# How a recipient names a secret. Tokens and addresses look otherwise: none is kept by mistake.
SecretName = Annotated[str, msgspec.Meta(pattern="^[A-Z][A-Z0-9_]{0,63}$")]


@dataclass(frozen=True)
class Means:
    """What channels send with."""

    post: Post
    # The value of a secret by its name. Raises Refused where it is not set.
    secret: Callable[[str], str]
    # None: no mail server is set.
    mail: MailServer | None
    # Now, with its zone.
    now: Callable[[], datetime]


class Channel(Protocol):
    """One way to reach a recipient; its fields are where to, secrets by their names."""

    # Messages a minute that the service takes from one address.
    per_minute: ClassVar[int]
    # Whether the chart of an alert is to be drawn for it.
    shows_chart: ClassVar[bool]

    def send(self, message: Message, means: Means) -> None:
        """Hand the message over. Raises RetryLater, Refused."""


@cache
def channel_names() -> tuple[str, ...]:
    """Every channel there is: the files of the folder `channels`."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(channels.__path__)))


def channel_type(name: str) -> type[Channel]:
    """The channel of that name. Raises KeyError where there is none."""
    if name not in channel_names():
        raise KeyError(name)
    module = importlib.import_module(f"{channels.__name__}.{name}")
    return cast(type[Channel], module.Channel)
