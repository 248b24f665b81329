"""Why an alert was not raised or not told, in words for a terminal."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pipeline.alerts.phrases import Phrases
    from pipeline.store.suppressions import Suppression

BECAUSE: Final = {
    "surging": "surges",
    "cold_start": "surges, by the fixed rule",
    "too_few_stories": "too few stories",
    "too_few_publishers": "too few publishers",
    "usual": "not unusual enough",
    "severe": "rings",
    "denied": "denied or supposed",
    "not_trusted": "publisher not trusted",
    "not_negative": "not negative enough",
    "repeated": "told before",
}


def kept_back(kept: "Suppression", phrases: "Phrases") -> str:
    """One thing that a run did not raise or not tell, and why."""
    clock, detail = phrases.clock, kept.detail
    span = f"{clock.exact(kept.first_at)} to {clock.exact(kept.last_at)}"
    done = "told" if kept.alert_id else "raised"
    after = f", {done} {clock.exact(kept.lifted_at)} after all" if kept.lifted_at else ""
    if kept.alert_id:
        why = "silenced" if kept.reason == "silenced" else "found too late"
        return f"Alert {str(kept.alert_id)[:8]} not told {clock.exact(kept.first_at)}: {why}{after}"
    counted = (
        f"{detail['observed']} stories from {detail['publishers']} publishers in"
        f" {clock.window(detail['window_minutes'])}, surging from {detail['threshold']}"
    )
    if kept.reason == "inhibited":
        topic = phrases.topic(kept.subject)
        return (
            f"Topic {topic} not raised {span}: {counted}, but alerts of issuers carry them{after}"
        )
    within = f" about {phrases.topic(detail['topic'])}" if detail["topic"] else ""
    return f"Near miss{within} {span}: {counted}, {BECAUSE[kept.reason]}{after}"
