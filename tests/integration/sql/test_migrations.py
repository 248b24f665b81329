"""Migrations end where schema.sql stands, can be run twice, and refuse what they do not know."""

import json
from collections.abc import Iterator
from contextlib import closing
from importlib import resources
from typing import Any

import psycopg2
import pytest

from ops.postgres import Postgres
from pipeline.alerts import rules
from sql import migrate as migrator
from sql.migrate import SchemaError, migrate, migrations, require_current

pytestmark = pytest.mark.slow

# Everything a program can notice of a schema, as rows that sort alike in both databases.
CATALOG = {
    "columns": """
        SELECT table_name, column_name, data_type, udt_name, is_nullable, column_default,
               is_identity, generation_expression
        FROM information_schema.columns WHERE table_schema = 'public'""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "partitions": """
        SELECT relname, pg_get_partkeydef(oid), pg_get_expr(relpartbound, oid)
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')""",
    "grants": """
        SELECT table_name, grantee, privilege_type FROM information_schema.table_privileges
        WHERE table_schema = 'public'""",
    "column grants": """
        SELECT table_name, column_name, grantee, privilege_type
        FROM information_schema.column_privileges WHERE table_schema = 'public'""",
    "functions": """
        SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid)
        FROM pg_proc p LEFT JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
        WHERE pronamespace = 'public'::regnamespace AND d.objid IS NULL""",
    "triggers": """
        SELECT tgrelid::regclass::text, pg_get_triggerdef(oid)
        FROM pg_trigger WHERE NOT tgisinternal""",
    "extensions": "SELECT extname FROM pg_extension",
}


def catalog(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """The schema of a database, without the migrator's own table."""
    with closing(psycopg2.connect(url)) as link, link.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS schema_version")
        found = {}
        for name, statement in CATALOG.items():
            cursor.execute(statement)
            found[name] = sorted(cursor.fetchall(), key=repr)
        link.rollback()
    return found


@pytest.fixture
def blank(postgres: Postgres) -> Iterator[str]:
    """An empty database of this test's own."""
    postgres.create_database("blank")
    yield postgres.url("blank")
    postgres.drop_database("blank")


def test_migrations_end_exactly_where_the_schema_stands(blank: str, database_url: str) -> None:
    schema = resources.files("sql").joinpath("schema.sql").read_text(encoding="utf-8")
    with closing(psycopg2.connect(blank)) as link, link, link.cursor() as cursor:
        cursor.execute(schema)
    written, migrated = catalog(blank), catalog(database_url)
    for name in CATALOG:
        assert migrated[name] == written[name], name
        assert written[name]


def test_migrating_twice_does_nothing(blank: str) -> None:
    assert migrate(blank) == [item.name for item in migrations()]
    before = catalog(blank)
    assert migrate(blank) == []
    assert catalog(blank) == before


def test_a_server_that_does_not_answer_is_said_in_a_sentence() -> None:
    with pytest.raises(SchemaError, match=r"PostgreSQL does not answer .*; `tocsin up` starts one"):
        migrate("postgresql://tocsin@127.0.0.1:1/tocsin")


def test_a_database_without_a_schema_is_refused(blank: str) -> None:
    with pytest.raises(SchemaError, match="no Tocsin schema; run `tocsin migrate` first"):
        connected(blank)


def test_an_edited_migration_is_refused(blank: str) -> None:
    migrate(blank)
    execute(blank, "UPDATE schema_version SET digest = 'another' WHERE number = 1")
    with pytest.raises(SchemaError, match=r"Migration 1 \(first\) was edited after it was applied"):
        migrate(blank)


def test_a_database_from_a_newer_version_is_refused(blank: str) -> None:
    migrate(blank)
    execute(blank, "INSERT INTO schema_version VALUES (9999, 'later', 'digest')")
    for refuses in (migrate, connected):
        with pytest.raises(SchemaError, match=r"9999 \(later\).*install the version that made it"):
            refuses(blank)


def test_a_database_that_lacks_a_migration_is_refused(
    blank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(blank)
    later = [*migrations(), migrator.Migration(9999, "later", "SELECT 1")]
    monkeypatch.setattr(migrator, "migrations", lambda: later)
    with pytest.raises(SchemaError, match="lacks later; run `tocsin migrate` first"):
        connected(blank)
    assert migrate(blank) == ["later"]
    connected(blank)


def test_a_migration_that_fails_leaves_nothing_behind(
    blank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(blank)
    before = catalog(blank)
    broken = migrator.Migration(9999, "broken", "CREATE TABLE half (); SELECT nonsense")
    monkeypatch.setattr(migrator, "migrations", lambda: [*migrations(), broken])
    with pytest.raises(psycopg2.Error):
        migrate(blank)
    assert catalog(blank) == before


def test_dead_letters_of_unknown_rights_get_the_shortest_life(
    blank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(migrator, "migrations", lambda: migrations()[:2])
        migrate(blank)
    execute(
        blank,
        "INSERT INTO dead_letter (topic_id, partition, kafka_offset, topic, raw, stage, cause,"
        " seen_at, state) SELECT gen_random_uuid(), 0, number, 'news.raw.v1', 'x', 'score', '',"
        " '2026-11-20 08:00+00', state"
        " FROM unnest(ARRAY['open', 'replayed']) WITH ORDINALITY AS letter (state, number)",
    )
    migrate(blank)
    with closing(psycopg2.connect(blank)) as link, link.cursor() as cursor:
        cursor.execute(
            "SELECT state, raw IS NULL, raw_expires_at = '2026-11-27 08:00+00' FROM dead_letter"
            " ORDER BY kafka_offset"
        )
        assert cursor.fetchall() == [("open", False, True), ("replayed", True, True)]


@pytest.mark.parametrize(("edited", "alpha"), [(False, 5e-4), (True, 1e-6)])
def test_a_stored_rule_can_be_used_after_the_migration(
    blank: str, monkeypatch: pytest.MonkeyPatch, edited: bool, alpha: float
) -> None:
    """One that nobody edited takes the new figures; one that somebody did keeps what it says."""
    with monkeypatch.context() as before:
        before.setattr(migrator, "migrations", lambda: migrations()[:6])
        migrate(blank)
    since = {"alpha_within", "severe", "slow_burn"}
    body = {k: v for k, v in rules.shipped()["surge"].items() if k not in since}
    old = json.dumps(body | {"guard_minutes": 1440, "alpha": 1e-6, "windows_minutes": [60]})
    version = 2 if edited else 1
    execute(
        blank,
        f"INSERT INTO rule VALUES ('surge', {version});"  # noqa: S608
        f" INSERT INTO rule_version SELECT 'surge', n, '{old}'"
        f" FROM generate_series(1, {version}) AS n",
    )
    migrate(blank)
    with closing(psycopg2.connect(blank)) as link, link.cursor() as cursor:
        cursor.execute("SELECT version, body FROM rule JOIN rule_version USING (rule_id, version)")
        ((now, kept),) = cursor.fetchall()
    rule = rules.parse("surge", kept)
    assert (now, rule.alpha, rule.alpha_within) == (version + len(since), alpha, 3e-4)
    shipped = rules.parse("surge", rules.shipped()["surge"])
    assert (rule.severe, rule.slow_burn) == (shipped.severe, shipped.slow_burn)
    assert len(rule.windows) == (1 if edited else 4)


def test_the_migrations_are_numbered_one_after_the_other() -> None:
    assert [item.number for item in migrations()] == list(range(1, len(migrations()) + 1))


def connected(url: str) -> None:
    with closing(psycopg2.connect(url)) as link:
        require_current(link)


def execute(url: str, statement: str) -> None:
    with closing(psycopg2.connect(url)) as link, link, link.cursor() as cursor:
        cursor.execute(statement)
