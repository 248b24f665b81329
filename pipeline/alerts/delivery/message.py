"""What a recipient is told, in parts that each channel lays out and escapes in its own way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from pipeline.alerts.phrases import STALE_AFTER, Phrases
from pipeline.alerts.rules import SEVERITIES
from pipeline.store.outages import Outage
from pipeline.store.shapes import Alert, Evidence
from pipeline.wording.text import LONGEST_PUBLISHER, LONGEST_TITLE, cut, defused, sealed_link

# What may have happened to an alert that somebody is told of.
Kind = Literal["opened", "raised", "reopened", "lapsed", "resolved", "escalated", "late"]

# What else somebody is told.
Notice = Literal["digest", "test", "unwatched", "watched", "canary"]

STORIES: Final = 3
_LONGEST_WHY: Final = 600


@dataclass(frozen=True)
class Story:
    """One piece of evidence. Its texts are others', made harmless but not escaped."""

    headline: str
    publisher: str
    # Of the headline.
    lang: str
    # None: there is no safe one.
    link: str | None


@dataclass(frozen=True)
class Entry:
    """One alert of a message."""

    # `[Critical] Meridian Harbour Bank 9901.HK: 9 negative stories in 1 h (usual 0–2)`.
    title: str
    state: str
    # Empty in a digest.
    why: str
    stories: tuple[Story, ...]
    # The alert's page on the console.
    link: str
    # For machines: the alert's id, severity and subject.
    alert_id: UUID
    severity: str
    subject: str


@dataclass(frozen=True)
class Chart:
    """The picture of one alert."""

    svg: str
    caption: str


@dataclass(frozen=True)
class Message:
    """What is sent at once. Texts are plain: no markup, nothing escaped."""

    # The same for every attempt: by it receivers can tell a repetition.
    key: UUID
    kind: Kind | Notice
    # Language and script, as the attribute `lang` names them.
    lang: str
    at: datetime
    # One line.
    subject: str
    # What stands above the alerts; empty where the subject says it all.
    intro: str
    # The most severe first.
    entries: tuple[Entry, ...]
    # Words for a link to an alert, and for those that found no room: "{n} more".
    open_words: str
    more_words: tuple[str, ...]
    # The console's list of alerts.
    inbox: str
    foot: str
    chart: Chart | None = None


@dataclass(frozen=True)
class Found:
    """An alert as it stands, why it was raised, and its evidence, the weightiest first."""

    alert: Alert
    why: Sequence[str]
    evidence: Sequence[Evidence]


@dataclass(frozen=True)
class Watch:
    """Whether alerts were looked for."""

    # When they last were; None: never.
    checked_at: datetime | None
    # Articles that came in the day.
    articles: int


@dataclass(frozen=True)
class Writer:
    """Writes messages for one reader."""

    phrases: Phrases
    # Address of the console as its readers reach it, without a slash at its end.
    console: str

    def told(
        self,
        key: UUID,
        kind: Kind,
        found: Sequence[Found],
        unheard: timedelta | None = None,
        chart: Chart | None = None,
        intro: str = "",
    ) -> Message:
        """The message that this happened to these alerts, at least one.

        `unheard` is for how long nobody acknowledged them, where that is why it is sent; `intro`
        stands above them.
        """
        ordered = sorted(
            found, key=lambda one: (-SEVERITIES.index(one.alert.severity), one.alert.subject)
        )
        entries = tuple(self._entry(one) for one in ordered)
        say, title = self.phrases.words, entries[0].title
        if len(entries) > 1:
            title = say("message.several", n=len(entries), title=title)
        if kind == "escalated" and unheard is not None:
            age = self.phrases.clock.length(unheard)
            title = say("message.escalated", age=age, title=title)
        elif kind in {"resolved", "reopened", "lapsed", "late"}:
            title = say(f"message.{kind}", title=title)
        return self._message(key, kind, title, intro, entries, chart)

    def missed(self, outage: Outage, *, heard: bool) -> str:
        """When nobody looked for alerts, or, not `heard`, when no news came of their sources."""
        say, clock = self.phrases.words, self.phrases.clock
        until = clock.short(outage.until or clock.now)
        key = "message.missed" if heard else "message.missed_sources"
        return say(key, since=clock.short(outage.since), until=until)

    def digest(self, key: UUID, found: Sequence[Alert], until: datetime, watch: Watch) -> Message:
        """What happened in the day to `until`, and whether somebody watched."""
        say, clock = self.phrases.words, self.phrases.clock
        n, date = len(found), clock.day(until)
        title = say("digest.title", n=n, date=date) if n else say("digest.quiet_title", date=date)
        time = clock.short(until)
        day = say("digest.day", n=n, time=time) if n else say("digest.quiet", time=time)
        intro = (" " if say.language == "en" else "").join((day, self._watched(watch)))
        entries = tuple(self._entry(Found(alert, (), ())) for alert in found)
        return self._message(key, "digest", title, intro, entries, None)

    def test(self, key: UUID, name: str) -> Message:
        """A message by which an operator sees that a recipient is reached."""
        say = self.phrases.words
        intro = say("message.test", name=name)
        return self._message(key, "test", say("message.test_title"), intro, (), None)

    def unwatched(self, key: UUID, since: datetime) -> Message:
        """That nobody has looked for alerts since then."""
        say, clock = self.phrases.words, self.phrases.clock
        age = clock.age(since)
        title = say("message.unwatched_title", age=age)
        intro = say("message.unwatched", time=clock.short(since))
        return self._message(key, "unwatched", title, intro, (), None)

    def watched(self, key: UUID, since: datetime, until: datetime) -> Message:
        """That alerts are looked for again, and when they were not."""
        say, clock = self.phrases.words, self.phrases.clock
        between = {"since": clock.short(since), "until": clock.short(until)}
        intro = say("message.watched", age=clock.length(until - since), **between)
        return self._message(key, "watched", say("message.watched_title"), intro, (), None)

    def canary(self, key: UUID, fetched: datetime) -> Message:
        """That the canary came through."""
        say, clock = self.phrases.words, self.phrases.clock
        title = say("message.canary_title", time=clock.short(fetched))
        intro = say("message.canary", age=clock.age(fetched))
        return self._message(key, "canary", title, intro, (), None)

    def _watched(self, watch: Watch) -> str:
        say, clock = self.phrases.words, self.phrases.clock
        if watch.checked_at is None:
            return say("digest.never_checked")
        if clock.now - watch.checked_at > STALE_AFTER:
            return say("digest.unchecked", time=clock.short(watch.checked_at))
        return say("digest.checked", time=clock.short(watch.checked_at), n=watch.articles)

    def _message(
        self,
        key: UUID,
        kind: Kind | Notice,
        subject: str,
        intro: str,
        entries: tuple[Entry, ...],
        chart: Chart | None,
    ) -> Message:
        say, clock = self.phrases.words, self.phrases.clock
        return Message(
            key=key,
            kind=kind,
            lang=say.tag,
            at=clock.now,
            subject=subject,
            intro=intro,
            entries=entries,
            open_words=say("message.open"),
            more_words=tuple(say("message.more", n=n) for n in range(1, len(entries) + 1)),
            inbox=f"{self.console}/",
            foot=say("frame.foot", zone=clock.label()),
            chart=chart,
        )

    def _entry(self, one: Found) -> Entry:
        alert = one.alert
        between = " " if self.phrases.words.language == "en" else ""
        stories = [story for story in one.evidence if not story.withdrawn][:STORIES]
        return Entry(
            title=cut(self.phrases.title(alert), LONGEST_TITLE),
            state=self.phrases.state(alert),
            why=cut(between.join(one.why), _LONGEST_WHY),
            stories=tuple(
                Story(
                    defused(story.title, LONGEST_TITLE),
                    defused(story.publisher_name, LONGEST_PUBLISHER),
                    story.lang,
                    sealed_link(story.url),
                )
                for story in stories
            ),
            link=f"{self.console}/alerts/{alert.alert_id}",
            alert_id=alert.alert_id,
            severity=alert.severity,
            subject=alert.subject,
        )
