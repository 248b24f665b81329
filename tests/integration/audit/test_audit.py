"""Every change is on record, and nobody changes the record unnoticed."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import psycopg2
import pytest
from psycopg2 import errors
from typer.testing import CliRunner, Result

from ops.postgres import Postgres
from pipeline.cli.main import build
from pipeline.store import audit, delivery, judging
from pipeline.store.audit import BrokenChain, Head
from pipeline.store.connection import connect, snapshot, transaction
from pipeline.store.judging import Decision
from sql import migrate as migrator
from sql.migrate import migrate, migrations
from tests.integration.alerts.world import NOON, World

pytestmark = pytest.mark.slow

BODY = {"channel": "slack", "to": {"url": "URL"}}


@pytest.fixture
def world(fresh_database: str) -> Iterator[World]:
    """A world whose record begins with the test."""
    found = World(fresh_database)
    yield found
    found.close()


def verify(world: World, kept: Head | None = None) -> Head:
    with closing(connect(world.url, "console")) as link, snapshot(link) as cursor:
        return audit.verify(cursor, kept)


def enrol(world: World, name: str = "desk", body: object = BODY) -> None:
    with closing(connect(world.url, "console")) as link:
        delivery.put_recipients(link, {name: body})


def as_owner(world: World, *statements: str) -> None:
    """What somebody does who may do anything, and hides it from the triggers."""
    with closing(psycopg2.connect(world.url)) as link, link, link.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)


def said(world: World) -> list[tuple[str, str, str]]:
    return [
        (row["program"], row["operation"], row["table_name"])
        for row in world.ask("SELECT * FROM audit ORDER BY seq")
    ]


def test_what_a_run_and_an_analyst_do_is_on_record_and_holds(world: World) -> None:
    world.add(world.burst(9, NOON))
    world.run(NOON)
    with closing(connect(world.url, "console")) as link:
        judging.acknowledge(link, Decision(world.alert()["alert_id"], "ann", NOON))
    assert said(world) == [
        ("tocsin_alerts", "insert", "rule"),
        ("tocsin_alerts", "insert", "rule_version"),
        ("tocsin_alerts", "insert", "alert_event"),
        ("tocsin_console", "insert", "alert_event"),
    ]
    last = world.ask("SELECT row FROM audit ORDER BY seq DESC LIMIT 1")[0]["row"]
    assert (last["actor"], last["what"]) == ("ann", "acknowledged")
    assert verify(world).seq == 4


def test_recipients_and_models_are_on_record_as_they_come_change_and_go(world: World) -> None:
    enrol(world)
    enrol(world)
    enrol(world, body=BODY | {"language": "zh"})
    with closing(connect(world.url, "console")) as link:
        delivery.remove_recipient(link, "desk")
    with closing(connect(world.url, "ingest")) as link, transaction(link) as cursor:
        cursor.execute("INSERT INTO model_alias VALUES ('champion', 'stub-1')")
        cursor.execute("INSERT INTO model_event (model_id, what) VALUES ('stub-1', 'promoted')")
    assert [(operation, table) for _, operation, table in said(world)] == [
        ("insert", "recipient"),
        ("update", "recipient"),
        ("delete", "recipient"),
        ("insert", "model_alias"),
        ("insert", "model_event"),
    ]
    assert verify(world).seq == 5


def test_what_was_not_committed_leaves_no_entry(world: World) -> None:
    with closing(connect(world.url, "console")) as link, link.cursor() as cursor:
        cursor.execute("INSERT INTO recipient (name, body) VALUES ('desk', '{}')")
        link.rollback()
    enrol(world, "another")
    assert verify(world).seq == 1


@pytest.mark.parametrize(
    ("tampering", "where"),
    [
        ("UPDATE audit SET row = row || '{\"body\": {}}' WHERE seq = 2", "entry 2 is not what"),
        ("UPDATE audit SET at = at - interval '1 day' WHERE seq = 3", "entry 3 is not what"),
        ("UPDATE audit SET program = 'nobody' WHERE seq = 1", "entry 1 is not what"),
        ("DELETE FROM audit WHERE seq = 2", "entry 2 is missing"),
        ("DELETE FROM audit WHERE seq = 1", "entry 1 is missing"),
        ("DELETE FROM audit WHERE seq = 4", 'row ["four"] of recipient is in no entry'),
        ("UPDATE recipient SET body = '{}' WHERE name = 'one'", "is not as entry 1 left it"),
        ("DELETE FROM recipient WHERE name = 'two'", "is gone since entry 2 left it"),
        ("INSERT INTO recipient VALUES ('spy', '{}')", 'row ["spy"] of recipient is in no entry'),
    ],
)
def test_who_may_do_anything_is_found_out(world: World, tampering: str, where: str) -> None:
    for name in ("one", "two", "three", "four"):
        enrol(world, name)
    assert verify(world).seq == 4
    as_owner(world, tampering)
    with pytest.raises(BrokenChain) as broken:
        verify(world)
    assert where in str(broken.value)


def test_an_end_cut_off_is_found_by_a_head_kept_elsewhere(world: World) -> None:
    for name in ("one", "two", "three"):
        enrol(world, name)
    kept = verify(world)
    enrol(world, "four")
    assert verify(world, kept).seq == 4
    as_owner(
        world,
        "DELETE FROM audit WHERE seq > 2",
        "DELETE FROM recipient WHERE name IN ('three', 'four')",
    )
    assert verify(world).seq == 2
    with pytest.raises(BrokenChain, match="entry 3 is missing"):
        verify(world, kept)
    enrol(world, "five")
    with pytest.raises(BrokenChain, match="entry 3 is not the one that was kept"):
        verify(world, kept)


def test_writers_at_once_make_one_chain(world: World) -> None:
    failures: list[BaseException] = []

    def change(name: str) -> None:
        try:
            with closing(connect(world.url, "console")) as link:
                for turn in range(15):
                    delivery.put_recipients(link, {name: BODY | {"turn": turn}, f"{name}s": turn})
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=change, args=(f"writer-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert verify(world).seq == 8 * 15 * 2


def test_writers_who_want_the_same_rows_do_not_block_each_other_for_good(world: World) -> None:
    """One changes a row and waits for another's; neither holds the chain meanwhile."""
    enrol(world, "one")
    enrol(world, "two")
    change = "UPDATE recipient SET body = %s WHERE name = %s"
    with (
        closing(connect(world.url, "console")) as first,
        closing(connect(world.url, "console")) as second,
    ):
        first.cursor().execute(change, ('{"by": 1}', "one"))
        cursor = second.cursor()
        cursor.execute("SET lock_timeout = '2s'")
        cursor.execute(change, ('{"by": 2}', "two"))
        second.commit()
        first.cursor().execute(change, ('{"by": 1}', "two"))
        first.commit()
    assert verify(world).seq == 5


@pytest.mark.parametrize("role", ["console", "alerts", "ingest", "retention"])
def test_no_program_forges_an_entry_with_a_table_of_its_own(world: World, role: str) -> None:
    with (
        closing(connect(world.url, role)) as link,  # type: ignore[arg-type]
        link.cursor() as cursor,
    ):
        cursor.execute("CREATE TEMPORARY TABLE recipient (name text)")
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(
                "CREATE TRIGGER forged AFTER INSERT ON recipient FOR EACH ROW"
                " EXECUTE FUNCTION audit_change('name')"
            )


def test_a_session_in_another_zone_writes_what_can_be_verified(world: World) -> None:
    with closing(psycopg2.connect(world.url)) as link, link, link.cursor() as cursor:
        cursor.execute("SET timezone = 'Asia/Hong_Kong'")
        cursor.execute("INSERT INTO recipient (name, body) VALUES ('desk', '\"a\\nb 银行\"')")
    assert verify(world).seq == 1


def test_every_table_that_is_on_record_is_compared(world: World) -> None:
    written = world.ask(
        "SELECT tgrelid::regclass::text AS name FROM pg_trigger WHERE tgname = 'audited'"
    )
    compared = audit._SQL["disagreement"]
    assert written
    for row in written:
        assert f"to_jsonb({row['name']})" in compared


def test_what_was_there_before_the_record_is_its_beginning(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = next(item.number for item in migrations() if item.name == "audit") - 1
    postgres.create_database("blank")
    url = postgres.url("blank")
    try:
        with monkeypatch.context() as earlier:
            earlier.setattr(migrator, "migrations", lambda: migrations()[:before])
            migrate(url)
        with closing(psycopg2.connect(url)) as link, link, link.cursor() as cursor:
            cursor.execute("INSERT INTO recipient VALUES ('desk', '{}')")
        migrate(url)
        with closing(connect(url, "console")) as link, snapshot(link) as cursor:
            assert audit.verify(cursor).seq == 1
    finally:
        postgres.drop_database("blank")


def tocsin(*words: str) -> Result:
    return CliRunner().invoke(build(), ["audit", *words])


def test_the_commands_list_verify_and_name_the_broken_link(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_DATABASE_URL", world.url)
    assert "Nothing was changed yet." in tocsin("list").output
    enrol(world, "desk", BODY | {"zone": "\x1b[2J"})
    enrol(world, "head")
    listed = tocsin("list").output.splitlines()
    assert listed[0].startswith("2  ")
    assert 'tocsin_console  insert recipient {"body"' in listed[0]
    assert "\x1b" not in "".join(listed)
    holds = tocsin("verify")
    assert "2 entries hold" in holds.output
    head = holds.output.split("Head ")[1].strip()
    assert tocsin("verify", "--head", head).exit_code == 0
    assert "is no head" in str(tocsin("verify", "--head", "nonsense").exception)
    as_owner(world, "UPDATE audit SET row = '{}' WHERE seq = 1")
    broken = tocsin("verify")
    assert isinstance(broken.exception, BrokenChain)
    assert broken.exception.exit_code == 1
    assert str(broken.exception) == "The audit is broken: entry 1 is not what was chained."


def test_the_newest_entries_are_checked_by_themselves(world: World) -> None:
    for name in ("one", "two", "three"):
        enrol(world, name)

    def holds(limit: int) -> bool:
        with closing(connect(world.url, "console")) as link, snapshot(link) as cursor:
            return audit.holds(audit.newest(cursor, limit))

    assert holds(2)
    assert holds(10)
    as_owner(world, "UPDATE audit SET at = at + interval '1 s' WHERE seq = 3")
    assert not holds(2)


def test_a_run_and_analysts_at_once_neither_wait_for_ever_nor_lose_an_entry(world: World) -> None:
    world.add(world.burst(9, NOON))
    world.run(NOON)
    alert_id = world.alert()["alert_id"]
    failures: list[BaseException] = []

    def decide(who: str) -> None:
        try:
            with closing(connect(world.url, "console")) as link:
                for turn in range(6):
                    at = NOON + timedelta(seconds=turn)
                    decision = Decision(alert_id, who, at)
                    judging.acknowledge(link, decision)
                    judging.undo(link, decision, timedelta(minutes=1))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=decide, args=(f"analyst-{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for minute in range(1, 5):
        world.add(world.burst(2, NOON + timedelta(minutes=5 * minute)))
        world.run(NOON + timedelta(minutes=5 * minute))
    for thread in threads:
        thread.join()
    assert failures == []
    events = world.ask("SELECT count(*) AS n FROM alert_event")[0]["n"]
    entries = world.ask("SELECT count(*) AS n FROM audit WHERE table_name = 'alert_event'")[0]["n"]
    assert events == entries
    verify(world)
