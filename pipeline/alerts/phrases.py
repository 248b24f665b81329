"""An alert in words: a count with its usual range, never a verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pipeline.alerts.surge import once_in
from pipeline.entities.codes import shown
from pipeline.store.shapes import (
    Alert,
    Condition,
    Contribution,
    EarlierAlert,
    Evidence,
    Visit,
)
from pipeline.wording.clock import Clock
from pipeline.wording.text import LONGEST_PUBLISHER, LONGEST_TITLE, cut, defused, safe_link
from pipeline.wording.words import Words

# Alerts that were not looked for within so long may be missing.
STALE_AFTER: Final = timedelta(minutes=3)
# Probability from which a sentence's sentiment is called so; below the last one, unsure.
_CONFIDENCE: Final = ((0.95, "certain"), (0.80, "likely"), (0.60, "possible"))


@dataclass(frozen=True)
class Phrases:
    """What is said of alerts in one language, at one time."""

    words: Words
    clock: Clock

    def topic(self, topic: str) -> str:
        """A topic's name; one that the catalogue does not know keeps its key."""
        return self.words.known("topic", topic)

    def _within(self, topic: str) -> str:
        """A topic's name inside a sentence."""
        return self.topic(topic).lower()

    def subject(self, alert: Alert) -> str:
        """The subject in the reader's language."""
        if alert.subject_kind == "topic":
            return self.topic(alert.subject)
        return self.words.name(alert.name_en, alert.name_zh)

    def coded(self, alert: Alert) -> str:
        """The subject with its code: `Meridian Harbour Bank 88901.HK`."""
        return f"{self.subject(alert)} {shown(alert.code)}" if alert.code else self.subject(alert)

    def usual(self, alert: Alert) -> str:
        """The usual range: `0–2`."""
        return self.words.span(alert.usual_low, alert.usual_high)

    def counted(self, alert: Alert) -> str:
        """`9 negative stories in 1 h (usual 0–2)`; what else speaks for it, in a few words."""
        if alert.condition == "severe":
            return self.words("alert.severe", **self._reported(alert.detail))
        return self.words(
            "alert.counted",
            n=alert.observed,
            window=self.clock.window(alert.window_minutes),
            usual=self.usual(alert),
        )

    def heading(self, alert: Alert) -> str:
        """The title without its severity."""
        return self.words(
            "alert.heading", subject=self._counted_in(alert), counted=self.counted(alert)
        )

    def title(self, alert: Alert) -> str:
        """`[Critical] Meridian Harbour Bank 88901.HK: 9 negative stories in 1 h (usual 0–2)`."""
        return self.words(
            "alert.title",
            severity=self.words(f"severity.{alert.severity}"),
            subject=self._counted_in(alert),
            counted=self.counted(alert),
        )

    def _counted_in(self, alert: Alert) -> str:
        """What the count is of: the subject, or one topic within it."""
        if not alert.within_topic:
            return self.coded(alert)
        topic = self._within(alert.topic)
        return self.words("alert.within", subject=self.coded(alert), topic=topic)

    def state(self, alert: Alert) -> str:
        """The state; with its end where it has one, of a resolved alert with its reason."""
        name = self.words(f"state.{alert.state}")
        if alert.state == "acknowledged" and alert.acknowledged_until:
            time = self.clock.short(alert.acknowledged_until)
            return self.words("state.acknowledged_until", time=time)
        if alert.state == "acknowledged" and alert.worse_from:
            return self.words("state.acknowledged_worse")
        if alert.resolved_at is None or alert.resolved_reason is None:
            return name
        return self.words(
            "state.until",
            state=f"{name} ({self.words(f'reason.{alert.resolved_reason}')})"
            if self.words.language == "en"
            else f"{name}（{self.words(f'reason.{alert.resolved_reason}')}）",
            time=self.clock.short(alert.resolved_at),
        )

    def why(self, alert: Alert, leading: Contribution | None, rule: dict[str, Any]) -> list[str]:
        """Why the alert was raised, sentence by sentence."""
        say, topic = self.words, self._within(alert.topic)
        about = (
            say("alert.why_issuer", topic=topic, name=self.subject(alert))
            if alert.subject_kind == "issuer"
            else say("alert.why_topic", topic=self._within(alert.subject))
        )
        sentences = [
            *self._rests_on(alert.condition, alert.detail),
            say(
                "alert.why",
                n=alert.observed,
                about=about,
                window=self.clock.window(alert.window_minutes),
                time=self.clock.short(alert.window_end),
                publishers=say("alert.publishers", n=alert.publishers),
            ),
            self._against(alert, leading, rule),
        ]
        if alert.copies:
            sentences.append(say("alert.why_copies", n=alert.copies))
        if alert.historical:
            onset, detected = self.clock.short(alert.onset), self.clock.short(alert.detected_at)
            what = say(f"condition.{alert.condition}")
            late = say("alert.why_late", condition=what, onset=onset, detected=detected)
            sentences.append(late)
        if alert.origin == "replay":
            sentences.append(say("alert.why_replay"))
        return sentences

    def beside(self, alert: Alert, contributing: Sequence[Contribution]) -> list[str]:
        """What contributes to the alert beside the condition that speaks for it, in sentences."""
        return [
            sentence
            for one in contributing
            if one.condition != alert.condition
            for sentence in self._rests_on(one.condition, one.detail)
        ]

    def _rests_on(self, condition: Condition, detail: dict[str, Any]) -> list[str]:
        """What a condition that is no surge rests on."""
        if condition == "severe":
            return [self.words("alert.why_severe", **self._reported(detail))]
        if condition == "slow_burn":
            since = self.clock.short(datetime.fromisoformat(detail["since"]))
            net, usual = detail["net"], detail["usual"]
            return [self.words("alert.why_slow", since=since, net=net, usual=usual)]
        return []

    def _reported(self, detail: dict[str, Any]) -> dict[str, str]:
        """The report of a severe event; headline and publisher are others' text."""
        say = self.words
        return {
            "title": defused(detail["title"], LONGEST_TITLE),
            "publisher": defused(detail["publisher"], LONGEST_PUBLISHER),
            "phrase": detail["phrase"],
            "category": say.known("trigger", detail["category"]),
            "tier": say.known("tier", detail["tier"]),
            "time": self.clock.short(datetime.fromisoformat(detail["at"])),
        }

    def _against(self, alert: Alert, leading: Contribution | None, rule: dict[str, Any]) -> str:
        """What the count is measured against: the fixed rule, or the baseline and its rarity."""
        say = self.words
        if alert.condition != "surge":
            return say("alert.why_usual", usual=self.usual(alert))
        fixed = rule.get("cold_start")
        if alert.cold_start and fixed:
            needed = int(rule["baseline_days"])
            until = alert.window_end + timedelta(days=needed - alert.baseline_days)
            return say(
                "alert.why_cold",
                days=int(alert.baseline_days),
                needed=needed,
                date=self.clock.day(until),
                stories=fixed["stories"],
                publishers=fixed["publishers"],
                window=self.clock.window(fixed["window_minutes"]),
            )
        usual = say("alert.why_usual", usual=self.usual(alert))
        if leading is None or leading.p_value <= 0:
            return usual
        span = once_in(leading.p_value, timedelta(minutes=leading.window_minutes))
        rare = (
            say("alert.why_rare", n=alert.observed, span=self.clock.length(span))
            if span
            else say("alert.why_never", n=alert.observed)
        )
        return f"{usual} {rare}" if say.language == "en" else f"{usual}{rare}"

    def lead(self, alert: Alert) -> str:
        """Who published the leading headline and how many more: `Harbour Ledger and 5 more`."""
        if alert.publishers <= 1:
            return alert.lead_publisher
        others = alert.publishers if self.words.language == "zh" else alert.publishers - 1
        return self.words("alert.more_publishers", publisher=alert.lead_publisher, n=others)

    def earlier(self, alert: EarlierAlert) -> str:
        """An earlier alert in a few words, with its outcome."""
        outcome = alert.resolved_reason
        said = self.words(f"reason.{outcome}" if outcome else f"state.{alert.state}")
        window = self.clock.window(alert.window_minutes)
        return f"{self.topic(alert.topic)}  {self.words.number(alert.observed)} / {window}  {said}"

    def brief(self, alert: Alert, why: list[str], stories: Sequence[Evidence], url: str) -> str:
        """The alert as text to pass on: headline, why, three stories with their links, origin.

        Its time has a date and a year even today: it may be read on another day.
        """
        say = self.words
        lines = [
            self.title(alert),
            say("brief.as_of", time=self.clock.dated(alert.evaluated_as_of)),
            say("brief.state", state=self.state(alert)),
            "",
            (" " if say.language == "en" else "").join(why),
            "",
        ]
        for story in stories[:3]:
            at = self.clock.short(story.occurred_at)
            title = cut(story.title, LONGEST_TITLE)
            lines.append(say("brief.story", title=title, publisher=story.publisher_name, time=at))
            if safe_link(story.url):
                lines.append(story.url)
        origin = {"rule": alert.rule_id, "version": alert.rule_version, "model": alert.model_id}
        return "\n".join([*lines, "", say("brief.origin", **origin), url])

    def confidence(self, probability: float) -> str:
        """How sure a sentence is: `almost certain`."""
        name = next((word for least, word in _CONFIDENCE if probability >= least), "unsure")
        return self.words(f"confidence.{name}")

    def silent(self, visits: list[tuple[str, Visit]]) -> str:
        """Which sources are silent and since when; three by name, the rest by number."""
        named = [
            self.words("pulse.silent_since", name=name, time=self.clock.bare(visit.answered_at))
            if visit.answered_at
            else self.words("pulse.silent_never", name=name)
            for name, visit in visits[:3]
        ]
        if len(visits) > 3:
            named.append(self.words("pulse.silent_more", n=len(visits) - 3))
        return self.words("pulse.silent", n=len(visits), list=self.words.join(named))
