"""Who is told of alerts: what a recipient says, checked, and the file it is imported from."""

import tomllib
from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from pipeline.alerts.delivery.readers import Reads
from pipeline.alerts.delivery.sending import Channel, channel_names, channel_type
from pipeline.alerts.rules import SEVERITIES, Severity
from pipeline.errors import OperatorError
from pipeline.store.delivery import Occurrence

_NAME: Final = r"^[a-z0-9][a-z0-9-]{0,39}$"
Name = Annotated[str, msgspec.Meta(pattern=_NAME)]
Hour = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class RecipientError(OperatorError, ValueError):
    """A recipient cannot be used; the message names it, the field and what is wrong."""


class Quiet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Hours in which messages wait for their end, every day, in the recipient's zone."""

    start: Hour
    # Earlier than `start`: on the next day.
    end: Hour
    # Whether critical alerts come all the same.
    critical: bool = True


class Escalation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who else is told of a critical alert that nobody acknowledged."""

    to: Name
    after_minutes: Annotated[int, msgspec.Meta(ge=1, le=1_440)]


class Recipient(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """One person, group or program, and what reaches it."""

    channel: str
    # The fields of the channel; secrets by their names.
    to: dict[str, Any]
    language: Reads = "en"
    zone: str = "UTC"
    # The least severity that is told; of info nobody hears who does not ask for it.
    severity: Severity = "low"
    # Alerts on issuers, on topics, or on those of this list only (entity ids and topics).
    subjects: Literal["all", "issuers", "topics"] | tuple[str, ...] = "all"
    # What shares a message: alerts on one subject, under one topic, or all of one severity.
    group: Literal["subject", "topic", "all"] = "subject"
    # A group has one message in so many minutes at most.
    interval_minutes: Annotated[int, msgspec.Meta(ge=1, le=1_440)] = 5
    # Whether the end of an alert is told too.
    resolved: bool = False
    quiet: Quiet | None = None
    escalation: Escalation | None = None
    # When the digest of the day is sent; None: not at all.
    digest: Hour | None = None
    # Whether it is told when Tocsin itself does not work.
    operator: bool = False
    # Whether it is a test channel, which takes the canary of every hour.
    canary: bool = False
    # Whether alerts are told at all: one who is only escalated to, or gets the digest, needs none.
    alerts: bool = True
    enabled: bool = True

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def reached_by(self) -> Channel:
        """The channel, set to this recipient."""
        return msgspec.convert(self.to, channel_type(self.channel))

    def wants(self, of: Occurrence) -> bool:
        """Whether an alert of this subject and severity is told."""
        return (
            self.alerts
            and SEVERITIES.index(of.severity) >= SEVERITIES.index(self.severity)
            and self.watches(of.subject_kind, of.subject)
        )

    def reads(self, severity: Severity) -> bool:
        """Whether an alert of this severity is in the recipient's digest."""
        return severity != "info" or self.severity == "info"

    def watches(self, kind: str, subject: str) -> bool:
        """Whether alerts on this subject are the recipient's."""
        if isinstance(self.subjects, tuple):
            return subject in self.subjects
        return self.subjects == "all" or self.subjects == f"{kind}s"


def parse(name: str, body: Any) -> Recipient:
    """The recipient in `body`. Raises RecipientError."""
    try:
        msgspec.convert(name, Name)
        recipient = msgspec.convert(body, Recipient)
    except msgspec.ValidationError as error:
        raise RecipientError(f"recipient {name}: {error}") from None
    if recipient.channel not in channel_names():
        known = ", ".join(channel_names())
        raise RecipientError(f"recipient {name}: channel: write one of {known}")
    try:
        _ = recipient.reached_by
    except msgspec.ValidationError as error:
        raise RecipientError(f"recipient {name}: to: {error}") from None
    try:
        _ = recipient.tz
    except (KeyError, ValueError, OSError):
        raise RecipientError(f"recipient {name}: zone: {recipient.zone!r} is none") from None
    return recipient


def hour(text: str) -> time:
    """The time of day that an Hour says."""
    return time.fromisoformat(text)


def load(text: str, others: Mapping[str, Any]) -> dict[str, Any]:
    """The bodies in a TOML file by name, checked; `others` are kept already.

    Raises RecipientError.
    """
    try:
        bodies = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipientError(f"this is no TOML: {error}") from None
    recipients = {name: parse(name, body) for name, body in bodies.items()}
    for name, recipient in recipients.items():
        to = recipient.escalation.to if recipient.escalation else None
        if to is not None and to not in {*bodies, *others}:
            raise RecipientError(f"recipient {name}: escalation.to: there is no recipient {to}")
        if to == name:
            raise RecipientError(f"recipient {name}: escalation.to: it is the recipient itself")
    return {name: msgspec.to_builtins(recipient) for name, recipient in recipients.items()}
