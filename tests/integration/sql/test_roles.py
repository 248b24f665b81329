"""Each program may do its own work and nothing else; what was decided stays on record."""

from contextlib import closing

import psycopg2
import pytest
from psycopg2 import errors
from psycopg2.extensions import make_dsn

from pipeline.store.connection import Role, connect
from sql.migrate import SchemaError

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("console", "UPDATE alert_event SET actor = 'nobody'"),
        ("console", "DELETE FROM alert_event"),
        ("console", "UPDATE label SET value = 'positive'"),
        ("console", "DELETE FROM label"),
        ("console", "DELETE FROM alert"),
        ("console", "INSERT INTO article DEFAULT VALUES"),
        ("console", "UPDATE score SET sentiment = 'positive'"),
        ("alerts", "UPDATE alert_event SET actor = 'nobody'"),
        ("alerts", "DELETE FROM alert_event"),
        ("alerts", "DELETE FROM alert"),
        ("alerts", "UPDATE story_signal SET p_negative = 0"),
        ("alerts", "UPDATE kafka_offset SET next_offset = 0"),
        ("alerts", "UPDATE recipient SET body = '{}'"),
        ("alerts", "DELETE FROM delivery"),
        ("console", "UPDATE delivery SET state = 'dropped'"),
        ("console", "UPDATE rule_version SET body = '{}'"),
        ("console", "DELETE FROM rule_version"),
        ("console", "UPDATE rule SET enabled = false"),
        ("console", "INSERT INTO rule DEFAULT VALUES"),
        ("alerts", "UPDATE rule_version SET body = '{}'"),
        ("alerts", "UPDATE rule SET version = 1"),
        ("console", "INSERT INTO delivery DEFAULT VALUES"),
        ("ingest", "SELECT FROM recipient"),
        ("ingest", "SELECT FROM delivery"),
        ("ingest", "SELECT FROM audit"),
        ("ingest", "SELECT FROM silence"),
        ("alerts", "INSERT INTO silence DEFAULT VALUES"),
        ("alerts", "UPDATE silence SET ended_by = 'nobody'"),
        ("console", "DELETE FROM silence"),
        ("console", "INSERT INTO suppression DEFAULT VALUES"),
        ("alerts", "DELETE FROM suppression"),
        ("retention", "UPDATE suppression SET detail = '{}'"),
        ("retention", "SELECT FROM silence"),
        ("retention", "SELECT FROM audit"),
        ("console", "UPDATE audit SET row = '{}'"),
        ("alerts", "UPDATE audit SET row = '{}'"),
        ("console", "DELETE FROM audit"),
        ("alerts", "DELETE FROM audit"),
        ("console", "INSERT INTO audit DEFAULT VALUES"),
        ("alerts", "INSERT INTO audit DEFAULT VALUES"),
        ("console", "TRUNCATE audit"),
        ("console", "ALTER TABLE recipient DISABLE TRIGGER audited"),
        ("console", "SET session_replication_role = replica"),
        ("ingest", "INSERT INTO alert DEFAULT VALUES"),
        ("ingest", "UPDATE alert SET state = 'resolved'"),
        ("ingest", "DELETE FROM alert_evidence"),
        ("ingest", "DELETE FROM bucket_change"),
        ("ingest", "DELETE FROM article"),
        ("ingest", "DELETE FROM dead_letter"),
        ("ingest", "CREATE TABLE mine ()"),
        ("console", "CREATE TABLE mine ()"),
        ("console", "DROP TABLE article"),
        ("retention", "UPDATE revision SET title = ''"),
        ("retention", "UPDATE score SET sentiment = 'positive'"),
        ("retention", "UPDATE alert_evidence SET title = ''"),
        ("retention", "UPDATE story_key SET expires_at = now()"),
        ("retention", "DELETE FROM revision"),
        ("retention", "DELETE FROM dead_letter"),
        ("retention", "DELETE FROM alert_evidence"),
        ("retention", "SELECT FROM label"),
        ("watch", "UPDATE outage SET until = now()"),
        ("watch", "DELETE FROM delivery"),
        ("watch", "SELECT FROM article"),
        ("console", "INSERT INTO outage DEFAULT VALUES"),
        ("console", "UPDATE canary SET judged_at = now()"),
        ("ingest", "UPDATE canary SET judged_at = now()"),
        ("alerts", "UPDATE canary SET p_negative = 1"),
    ],
)
def test_a_role_may_not(role: Role, statement: str, database_url: str) -> None:
    link = connect(database_url, role)
    with closing(link), link.cursor() as cursor, pytest.raises(errors.InsufficientPrivilege):
        cursor.execute(statement)


def test_a_user_who_may_not_take_on_a_role_is_told_what_to_grant(
    database_url: str,
) -> None:
    execute(database_url, "CREATE ROLE stranger LOGIN PASSWORD 'stranger'")
    try:
        url = make_dsn(database_url, user="stranger", password="stranger")
        with pytest.raises(SchemaError, match="GRANT tocsin_retention TO that user"):
            connect(url, "retention")
    finally:
        execute(database_url, "DROP ROLE stranger")


def execute(url: str, statement: str) -> None:
    with closing(psycopg2.connect(url)) as link, link, link.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("role", ["ingest", "alerts", "console"])
def test_every_role_reads_and_sees_utc(role: Role, database_url: str) -> None:
    with closing(connect(database_url, role)) as link, link.cursor() as cursor:
        cursor.execute("SELECT count(*), current_setting('timezone') FROM alert, article, score")
        assert cursor.fetchone() == (0, "UTC")
