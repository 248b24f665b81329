"""Which alerts the sample newswire must raise, and what of them is still missing or too much."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol


class _Alert(Protocol):
    @property
    def subject_kind(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def resolved_reason(self) -> str | None: ...


@dataclass(frozen=True)
class Expected:
    """One alert that must come out."""

    subject_kind: str
    subject: str
    # The newswire takes the reports back two minutes after its time zero.
    corrected: bool = False

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject}" + (", corrected" if self.corrected else "")


# A bank, a property developer, a commodity shock without any company, and a rumour that is denied
# and corrected. Nothing else: not the story reprinted 40 times, not the burst of good news.
EXPECTED: Final = (
    Expected("issuer", "meridian-harbour-bank"),
    Expected("issuer", "yunling-property"),
    Expected("topic", "commodities"),
    Expected("issuer", "kestrel-payments", corrected=True),
)


@dataclass(frozen=True)
class Verdict:
    """How the alerts that are there compare with those that must be."""

    # Not raised, or raised and not yet resolved as corrected.
    missing: tuple[str, ...]
    # Raised although nothing surged, raised twice, or resolved for a wrong reason.
    unexpected: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Exactly what must be there is there."""
        return not self.missing and not self.unexpected


def judge(alerts: Iterable[_Alert]) -> Verdict:
    """Compare alerts with EXPECTED. One that has yet to be corrected is missing, not unexpected."""
    wanted = {(item.subject_kind, item.subject): item for item in EXPECTED}
    missing = dict(wanted)
    seen: set[tuple[str, str]] = set()
    unexpected = []
    for alert in alerts:
        key = (alert.subject_kind, alert.subject)
        item = wanted.get(key)
        if item is None or key in seen:
            unexpected.append(f"{alert.subject_kind} {alert.subject}")
            continue
        seen.add(key)
        if alert.resolved_reason == ("corrected" if item.corrected else None):
            del missing[key]
        elif alert.resolved_reason is not None:
            unexpected.append(f"{item} was resolved as {alert.resolved_reason}")
    return Verdict(tuple(map(str, missing.values())), tuple(unexpected))
