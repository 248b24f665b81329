"""What the console reads, as typed rows. Times are in UTC."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

AlertState = Literal["firing", "acknowledged", "resolved"]
Severity = Literal["info", "low", "high", "critical"]
SubjectKind = Literal["issuer", "topic"]
StoryKind = Literal["report", "denial", "correction"]
Condition = Literal["surge", "severe", "slow_burn"]


@dataclass(frozen=True)
class Pulse:
    """Whether the system lives, in three figures."""

    # When alerts were last evaluated, or the time they were evaluated for if that is older.
    checked_at: datetime | None
    # When the newest article arrived; replayed ones do not count.
    newest_article_at: datetime | None
    open_alerts: int


@dataclass(frozen=True)
class Visit:
    """The last crawl of one source."""

    source_id: str
    # Times are None before the first visit, or the first that was answered.
    last_at: datetime | None
    last_status: Literal["ok", "failed"] | None
    answered_at: datetime | None


@dataclass(frozen=True)
class Alert:
    """One alert as it stands, with the names of its subject and its leading story."""

    alert_id: UUID
    subject_kind: SubjectKind
    # entity_id, or the topic.
    subject: str
    name_en: str
    name_zh: str
    # Code of the issuer's security, where it has one.
    code: str | None
    topic: str
    state: AlertState
    severity: Severity
    # Start of the first surging window, and end of the latest.
    onset: datetime
    last_surge_at: datetime
    detected_at: datetime
    evaluated_as_of: datetime
    # Distinct negative stories in the leading window, which ends at window_end.
    observed: int
    window_minutes: int
    window_end: datetime
    # 5 % and 95 % of what such a window usually holds.
    usual_low: int
    usual_high: int
    # Days of history behind the usual range; cold_start: too few, the fixed rule applied.
    baseline_days: float
    cold_start: bool
    # Whether the figures are of `topic` within the issuer alone.
    within_topic: bool
    publishers: int
    copies: int
    origin: Literal["live", "backfill", "replay"]
    # Found more than 24 h after its onset: nobody was told.
    historical: bool
    rule_id: str
    rule_version: int
    model_id: str
    weights_digest: str | None
    owner: str | None
    resolved_at: datetime | None
    resolved_reason: Literal["subsided", "corrected", "false_alarm", "closed", "merged"] | None
    reopened_from: UUID | None
    # The earlier alert it turned out to be one surge with.
    merged_into: UUID | None
    # The story that weighs most, as published; empty where there is no evidence yet.
    lead_title: str
    lead_lang: str
    lead_publisher: str
    # Number of its latest event: tells one state of the alert from another.
    last_seq: int
    # What speaks for it, and what that rests on where it is no surge.
    condition: Condition = "surge"
    detail: dict[str, Any] = field(default_factory=dict)
    # Acknowledged, it fires again then, or with so many stories.
    acknowledged_until: datetime | None = None
    worse_from: int | None = None


@dataclass(frozen=True)
class EarlierAlert:
    """A past alert on the same subject, with its outcome."""

    alert_id: UUID
    detected_at: datetime
    severity: Severity
    topic: str
    observed: int
    window_minutes: int
    state: AlertState
    resolved_reason: str | None


@dataclass(frozen=True)
class Evidence:
    """One story as it was when the alert counted it."""

    story_id: UUID
    article_id: UUID
    added_at: datetime
    kind: StoryKind
    lang: str
    title: str
    url: str
    publisher_name: str
    tier: str
    # None: the page is undated.
    published_at: datetime | None
    seen_at: datetime
    occurred_at: datetime
    topic: str
    p_negative: float
    # How much the story is about the subject, 0 to 1.
    relevance: float
    # The sentence that carries the sentiment, and the probability that it does.
    sentence: str | None
    sentence_p: float | None
    # Articles beyond the first, and distinct owners among all.
    copies: int
    publishers: int
    model_id: str
    # No longer counted: corrected since, or one event with another story, which is counted.
    withdrawn: bool
    merged: bool
    # What the reader said of it last.
    judged_sentiment: str | None
    judged_topic: str | None


@dataclass(frozen=True)
class StoryTime:
    """When a story of the alert came, and from whom."""

    publisher_name: str
    occurred_at: datetime
    copies: int
    withdrawn: bool


@dataclass(frozen=True)
class Event:
    """One step of an alert's life."""

    seq: int
    at: datetime
    actor: str
    what: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class Contribution:
    """One series and window that surged, or another condition with the figures of a window."""

    kind: SubjectKind
    subject: str
    window_minutes: int
    window_end: datetime
    observed: int
    # Mean count of such a window in the baseline.
    expected: float
    # The count at which it surges.
    threshold: int
    # Probability of so many or more on a usual day.
    p_value: float
    condition: Condition = "surge"
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Bucket:
    """Distinct stories of one subject within five minutes."""

    start: datetime
    n: int
    negative: int
    positive: int


@dataclass(frozen=True)
class Undoable:
    """A decision that can still be taken back."""

    alert_id: UUID
    seq: int
    what: str
    at: datetime
