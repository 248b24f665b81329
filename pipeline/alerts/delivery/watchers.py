"""Recipients and what is on the watchlists they refer to: a name on one is told on its own."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from pipeline.alerts.delivery.recipients import Recipient, RecipientError
from pipeline.store.delivery import Occurrence
from pipeline.store.watchlists import REFERENCE, Kept


class Watcher(Recipient, frozen=True, kw_only=True):
    """A recipient that refers to watchlists. It is made from what is kept, never read."""

    # Kind and subject of what its watchlists name, the lists themselves among them.
    named: frozenset[tuple[str, str]]

    def watches(self, kind: str, subject: str) -> bool:
        """Whether alerts on this subject are the recipient's."""
        return (kind, subject) in self.named or super().watches(kind, subject)

    def names(self, of: Occurrence) -> bool:
        """Whether it tells of a name that is watched, be it in another subject's alert."""
        return (of.subject_kind, of.subject) in self.named or any(
            ("issuer", issuer) in self.named for issuer in of.carries
        )


def require(bodies: Mapping[str, Any], lists: Collection[str]) -> None:
    """Raises RecipientError where one of these refers to a watchlist that is not there."""
    for name, body in bodies.items():
        for wanted in referred_to(body.get("subjects")):
            if wanted not in lists:
                raise RecipientError(
                    f"recipient {name}: subjects: there is no watchlist {wanted};"
                    " see tocsin watchlists list"
                )


def referred_to(subjects: object) -> list[str]:
    """The watchlists among a recipient's subjects."""
    listed = subjects if isinstance(subjects, list | tuple) else ()
    return [one.removeprefix(REFERENCE) for one in listed if one.startswith(REFERENCE)]


def watching(recipient: Recipient, lists: Mapping[str, Kept]) -> Recipient:
    """The recipient with what its watchlists name now."""
    referred = referred_to(recipient.subjects)
    if not referred:
        return recipient
    named: set[tuple[str, str]] = {("watchlist", name) for name in referred}
    for name in referred:
        named |= lists[name].subjects if name in lists else set()
    return Watcher(**msgspec.structs.asdict(recipient), named=frozenset(named))
