"""A silence keeps people from being told and no alert from being raised; then it is made good."""

from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg2
import pytest

from pipeline.alerts.why import why
from pipeline.store import silences
from pipeline.store.connection import connect, transaction
from pipeline.store.judging import Outcome
from pipeline.store.silences import Silence
from tests.integration.alerts.office import Office
from tests.integration.alerts.world import NOON, World

pytestmark = pytest.mark.slow

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ALL = Silence(
    silence_id=uuid4(),
    subject_kind="issuer",
    subjects=("harbour",),
    topics=(),
    severities=(),
    starts_at=NOON - MINUTE,
    ends_at=NOON + HOUR,
    comment="the placing is known",
    made_by="ann",
)


def lay(world: World, **of: Any) -> Silence:
    silence = replace(ALL, silence_id=uuid4(), **of)
    with closing(connect(world.url, "console")) as link:
        silences.put(link, silence)
    return silence


def end(world: World, silence: Silence, at: datetime) -> Outcome:
    with closing(connect(world.url, "console")) as link:
        return silences.end(link, silence.silence_id, "ben", at)


def kept(world: World) -> list[dict[str, Any]]:
    return world.ask("SELECT * FROM suppression ORDER BY first_at")


def surge(office: Office, count: int = 9, at: datetime = NOON) -> None:
    office.world.add(office.world.burst(count, at))


def test_an_alert_under_a_silence_is_raised_and_told_nobody_with_the_reason_kept(
    office: Office,
) -> None:
    office.enrol()
    silence = lay(office.world)
    surge(office)
    for at in (NOON, NOON, NOON + MINUTE):
        office.run(at)
    assert office.world.alert()["state"] == "firing"
    assert office.deliveries() == []
    (row,) = kept(office.world)
    assert (row["reason"], row["subject"], row["lifted_at"]) == ("silenced", "harbour", None)
    assert row["detail"]["silence"] == str(silence.silence_id)
    assert (row["detail"]["by"], row["detail"]["comment"]) == ("ann", "the placing is known")


def test_what_still_fires_when_the_silence_is_over_is_told_once(office: Office) -> None:
    office.enrol()
    lay(office.world)
    surge(office)
    office.run(NOON)
    office.run(NOON + 59 * MINUTE)
    assert office.told() == []
    for minutes in (60, 61, 90):
        office.run(NOON + minutes * MINUTE)
    (told,) = office.told()
    assert told.startswith("[Low] Harbour: 9 negative stories")
    assert kept(office.world)[0]["lifted_at"] == NOON + HOUR


def test_what_is_over_by_then_is_not_told(office: Office) -> None:
    office.enrol(resolved=True)
    lay(office.world, ends_at=NOON + 20 * HOUR)
    surge(office)
    office.run(NOON)
    for hours in (14, 16, 21):
        office.run(NOON + hours * HOUR)
    assert office.world.alert()["state"] == "resolved"
    assert office.deliveries() == []


def test_a_silence_ended_early_no_longer_silences(office: Office) -> None:
    office.enrol()
    silence = lay(office.world)
    surge(office)
    office.run(NOON)
    assert end(office.world, silence, NOON + 5 * MINUTE) is Outcome.DONE
    assert end(office.world, silence, NOON + 6 * MINUTE) is Outcome.ALREADY
    office.run(NOON + 5 * MINUTE)
    assert len(office.told()) == 1


def test_a_message_that_waits_is_not_sent_under_a_silence_and_told_after_it(
    office: Office,
) -> None:
    office.enrol(quiet={"start": "11:00", "end": "13:00"})
    surge(office)
    office.run(NOON)
    lay(office.world, starts_at=NOON + MINUTE, ends_at=NOON + 2 * HOUR)
    office.run(NOON + HOUR)
    assert office.told() == []
    assert [row["state"] for row in office.deliveries()] == ["dropped"]
    assert kept(office.world)[0]["detail"]["kind"] == "opened"
    office.run(NOON + 2 * HOUR)
    assert len(office.told()) == 1


@pytest.mark.parametrize(
    ("of", "told"),
    [
        ({}, False),
        ({"subjects": ("other", "harbour")}, False),
        ({"subjects": ("other",)}, True),
        ({"subject_kind": "topic"}, True),
        ({"subject_kind": None, "subjects": (), "topics": ("credit_debt",)}, False),
        ({"topics": ("earnings",)}, True),
        ({"severities": ("low", "high")}, False),
        ({"severities": ("critical",)}, True),
        ({"starts_at": NOON + MINUTE}, True),
        ({"ends_at": NOON}, True),
    ],
)
def test_a_silence_is_over_what_matches_all_it_names(
    office: Office, of: dict[str, Any], told: bool
) -> None:
    office.enrol()
    lay(office.world, **of)
    surge(office)
    office.run(NOON)
    assert bool(office.told()) == told


def test_what_rises_above_the_silenced_severities_is_told(office: Office) -> None:
    office.enrol()
    lay(office.world, severities=("low", "high"))
    office.world.add(office.world.days(10, NOON))
    stories = office.world.burst(12, NOON)
    office.world.add(stories[:5])
    office.run(NOON - MINUTE)
    assert office.told() == []
    office.world.add(stories[5:])
    office.run(NOON)
    assert [line.split("]")[0] for line in office.told()] == ["[Critical"]


def test_nobody_is_escalated_to_under_a_silence(office: Office) -> None:
    office.enrol("desk", escalation={"to": "head", "after_minutes": 15})
    office.enrol("head", alerts=False)
    office.world.add(office.world.days(10, NOON))
    surge(office, 12)
    office.run(NOON)
    lay(office.world, starts_at=NOON + MINUTE)
    office.run(NOON + 30 * MINUTE)
    assert {row["recipient"] for row in office.deliveries()} == {"desk"}
    office.run(NOON + HOUR)
    assert {row["recipient"] for row in office.deliveries()} == {"desk", "head"}


@pytest.mark.parametrize(
    "of",
    [
        {"comment": "  "},
        {"ends_at": NOON - MINUTE},
        {"subjects": (), "topics": (), "severities": ()},
        {"severities": ("dreadful",)},
    ],
)
def test_a_silence_needs_an_end_a_comment_and_something_it_matches(
    world: World, of: dict[str, Any]
) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation):
        lay(world, **of)


def test_to_have_ended_it_can_be_taken_back_by_the_same_person_for_a_while(world: World) -> None:
    silence = lay(world)
    end(world, silence, NOON)
    within = timedelta(seconds=10)

    def resumed(who: str, at: datetime) -> Outcome:
        with closing(connect(world.url, "console")) as link:
            return silences.resume(link, silence.silence_id, who, at, within)

    assert resumed("ann", NOON) is Outcome.TOO_LATE
    assert resumed("ben", NOON + MINUTE) is Outcome.TOO_LATE
    assert resumed("ben", NOON + within) is Outcome.DONE
    assert resumed("ben", NOON + within) is Outcome.ALREADY
    (row,) = world.ask("SELECT ended_at, ended_by FROM silence")
    assert (row["ended_at"], row["ended_by"]) == (None, None)


def test_why_names_the_silence_and_what_it_kept_back(office: Office) -> None:
    office.enrol()
    lay(office.world)
    lay(office.world, subjects=("other",))
    lay(office.world, starts_at=NOON - 50 * HOUR, ends_at=NOON - 40 * HOUR)
    surge(office)
    office.run(NOON)
    with closing(connect(office.world.url, "console")) as link, transaction(link) as cursor:
        answer = why(cursor, "harbour", NOON + MINUTE)
    assert [found.comment for found in answer.silences] == ["the placing is known"]
    assert [found.reason for found in answer.suppressions] == ["silenced"]
