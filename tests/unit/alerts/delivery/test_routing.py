"""Who is told of what, when, and together with what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from pipeline.alerts.delivery.recipients import Quiet, Recipient, RecipientError, load, parse
from pipeline.alerts.delivery.routing import digest_plan, plan, quiet_until
from pipeline.alerts.toml import dump
from pipeline.store.delivery import Occurrence

NOW = datetime(2026, 3, 4, 12, 3, 20, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DESK = {"channel": "slack", "to": {"url": "DESK"}}
SURGE = Occurrence("opened", UUID(int=1), "issuer", "bank", "credit_debt", "high", 1)
HONG_KONG = ZoneInfo("Asia/Hong_Kong")


def desk(**fields: Any) -> Recipient:
    return parse("desk", DESK | fields)


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, True),
        ({"severity": "high"}, True),
        ({"severity": "critical"}, False),
        ({"subjects": "issuers"}, True),
        ({"subjects": "topics"}, False),
        ({"subjects": ["bank", "macro"]}, True),
        ({"subjects": ["other"]}, False),
        ({"alerts": False}, False),
    ],
)
def test_a_recipient_is_told_what_it_wants(fields: dict[str, Any], wanted: bool) -> None:
    assert desk(**fields).wants(SURGE) is wanted


def test_the_first_of_an_interval_is_told_at_once_and_what_follows_shares_its_key() -> None:
    first, later = (plan("desk", desk(), SURGE, NOW + shift) for shift in (0 * MINUTE, MINUTE))
    assert first.due_at == NOW
    assert first.interval_start == datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
    assert first.delivery_id == later.delivery_id
    assert first.after(5 * MINUTE).due_at == datetime(2026, 3, 4, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("group", "same_subject", "same_topic", "anything"),
    [("subject", 1, 2, 2), ("topic", 1, 1, 2), ("all", 1, 1, 1)],
)
def test_a_group_shares_a_message(
    group: str, same_subject: int, same_topic: int, anything: int
) -> None:
    others = (
        replace(SURGE, alert_id=UUID(int=2)),
        replace(SURGE, subject="other"),
        replace(SURGE, subject="other", topic="macro"),
    )
    recipient = desk(group=group)
    own = plan("desk", recipient, SURGE, NOW).delivery_id
    messages = [len({own, plan("desk", recipient, one, NOW).delivery_id}) for one in others]
    assert messages == [same_subject, same_topic, anything]


@pytest.mark.parametrize("change", [{"severity": "critical"}, {"kind": "raised"}])
def test_what_is_more_severe_or_of_another_kind_has_a_message_of_its_own(
    change: dict[str, Any],
) -> None:
    recipient = desk(group="all")
    one, other = (plan("desk", recipient, of, NOW) for of in (SURGE, replace(SURGE, **change)))
    assert one.delivery_id != other.delivery_id


def test_two_recipients_and_two_channels_have_messages_of_their_own() -> None:
    mail = desk(channel="email", to={"to": "a@b.example"})
    keys = {
        plan("desk", desk(), SURGE, NOW).delivery_id,
        plan("team", desk(), SURGE, NOW).delivery_id,
        plan("desk", mail, SURGE, NOW).delivery_id,
    }
    assert len(keys) == 3


NIGHT = Quiet("22:00", "07:00")


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-03-04T21:59+08:00", None),
        ("2026-03-04T22:00+08:00", "2026-03-05T07:00+08:00"),
        ("2026-03-05T03:00+08:00", "2026-03-05T07:00+08:00"),
        ("2026-03-05T07:00+08:00", None),
    ],
)
def test_quiet_hours_cross_midnight_in_the_zone_of_the_recipient(
    at: str, until: str | None
) -> None:
    ends = datetime.fromisoformat(until) if until else None
    assert quiet_until(NIGHT, HONG_KONG, datetime.fromisoformat(at)) == ends


def test_quiet_hours_follow_the_clock_when_it_is_changed() -> None:
    london = ZoneInfo("Europe/London")
    before = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)  # the night in which an hour is left out
    assert quiet_until(NIGHT, london, before) == datetime(2026, 3, 29, 6, 0, tzinfo=UTC)


def test_what_falls_into_quiet_hours_waits_for_their_end_and_is_told_together() -> None:
    quiet = {"start": "20:00", "end": "07:00"}
    recipient = desk(zone="Asia/Hong_Kong", quiet=quiet)
    plans = [
        plan("desk", recipient, of, NOW + shift)
        for of, shift in ((SURGE, 0 * HOUR), (replace(SURGE, subject="other"), 5 * HOUR))
    ]
    assert {one.due_at for one in plans} == {datetime(2026, 3, 4, 23, 0, tzinfo=UTC)}
    assert len({one.delivery_id for one in plans}) == 1


def test_what_is_critical_breaks_through_unless_it_may_not() -> None:
    critical = replace(SURGE, severity="critical")
    quiet = {"start": "20:00", "end": "07:00"}
    loud = desk(zone="Asia/Hong_Kong", quiet=quiet)
    silent = desk(zone="Asia/Hong_Kong", quiet=quiet | {"critical": False})
    assert plan("desk", loud, critical, NOW).due_at == NOW
    assert plan("desk", silent, critical, NOW).due_at > NOW


def test_a_digest_is_due_at_its_hour_once_a_day_and_not_long_after() -> None:
    recipient = desk(zone="Asia/Hong_Kong", digest="08:00")
    at = datetime(2026, 3, 4, 0, 0, tzinfo=UTC)
    long_ago = at - 72 * HOUR

    def due(now: datetime, since: datetime = long_ago) -> datetime | None:
        found = digest_plan("desk", recipient, since, now)
        return found.interval_start if found else None

    assert due(at - MINUTE) is None
    assert due(at) == due(at + 5 * HOUR) == at
    assert due(at + 7 * HOUR) is None
    assert due(at + MINUTE, since=at + MINUTE) is None
    assert digest_plan("desk", desk(), long_ago, at) is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"channel": "pager"}, "channel: write one of apprise, "),
        ({"to": {"url": "https://hooks.slack.com/services/T/B/X"}}, "to: "),
        ({"to": {"uri": "DESK"}}, "to: "),
        ({"zone": "Mars/Olympus"}, "zone: 'Mars/Olympus' is none"),
        ({"zone": "../etc/passwd"}, "zone: "),
        ({"severity": "urgent"}, "severity"),
        ({"digest": "8:00"}, "digest"),
        ({"quiet": {"start": "22:00"}}, "end"),
        ({"escalation": {"to": "boss", "after_minutes": 0}}, "after_minutes"),
        ({"colour": "red"}, "colour"),
        ({"interval_minutes": 0}, "interval_minutes"),
    ],
)
def test_a_recipient_that_cannot_be_used_is_told_by_name_and_field(
    fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(RecipientError, match="recipient desk: ") as error:
        desk(**fields)
    assert said in str(error.value)
    assert "hooks.slack.com" not in str(error.value)


FILE = """
[desk]
channel = "slack"
to = { url = "DESK" }
language = "zh"
zone = "Asia/Hong_Kong"
subjects = ["bank", "macro"]
quiet = { start = "22:00", end = "07:00" }
escalation = { to = "head", after_minutes = 15 }

[head]
channel = "email"
to = { to = "head@bank.example" }
alerts = false
digest = "08:00"
"""


def test_a_file_of_recipients_comes_out_as_it_went_in() -> None:
    bodies = load(FILE, {})
    assert list(bodies) == ["desk", "head"]
    assert load(dump(bodies), {}) == bodies


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[desk", "no TOML"),
        (FILE.replace('to = "head", after', 'to = "none", after'), "there is no recipient none"),
        (FILE.replace('to = "head", after', 'to = "desk", after'), "it is the recipient itself"),
        (FILE.replace("[head]", "[Head Of Desk]"), "no TOML"),
        (FILE.replace("[head]", '["../x"]'), "recipient ../x"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(text: str, said: str) -> None:
    with pytest.raises(RecipientError, match=said):
        load(text, {})


def test_an_escalation_may_go_to_one_that_is_kept_already() -> None:
    desk_only = FILE.split("[head]")[0]
    assert list(load(desk_only, {"head": {}})) == ["desk"]
