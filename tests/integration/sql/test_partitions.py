"""The tables of a month are made by whoever writes first into it."""

import threading
from contextlib import closing
from datetime import UTC, date, datetime

import psycopg2
import pytest

from pipeline.store.connection import connect

pytestmark = pytest.mark.slow


def test_two_writers_at_a_months_change_make_its_partitions_once(database_url: str) -> None:
    failures: list[Exception] = []
    for month in range(1, 13):
        gate = threading.Barrier(2)

        def write(gate: threading.Barrier = gate, month: int = month) -> None:
            with closing(connect(database_url, "ingest")) as link:
                gate.wait()
                try:
                    with link, link.cursor() as cursor:
                        cursor.execute("SELECT ensure_month(%s)", (date(2027, month, 1),))
                except psycopg2.Error as error:
                    failures.append(error)

        writers = [threading.Thread(target=write) for _ in range(2)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    assert failures == []
    with closing(psycopg2.connect(database_url)) as link, link.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relkind = 'r'"
            " AND relname ~ '^(revision|score|mention)_2027'"
        )
        assert cursor.fetchone() == (36,)


@pytest.mark.parametrize(
    ("seen", "table"),
    [
        (datetime(2028, 1, 31, 23, 59, 59, tzinfo=UTC), "score_2028_01"),
        (datetime(2028, 2, 1, tzinfo=UTC), "score_2028_02"),
    ],
)
def test_a_row_lies_in_the_month_of_its_first_sight_in_utc(
    seen: datetime, table: str, database_url: str
) -> None:
    with closing(psycopg2.connect(database_url)) as link, link, link.cursor() as cursor:
        # Whoever asks from another zone gets the same bounds.
        cursor.execute("SET timezone = 'Asia/Hong_Kong'")
        cursor.execute("SELECT ensure_month(%s)", (seen.date(),))
        cursor.execute(
            "INSERT INTO score VALUES (gen_random_uuid(), 1, 'm', %s, 'macro', '{1}', 'neutral',"
            " '{0,1,0}') RETURNING tableoid::regclass::text",
            (seen,),
        )
        assert cursor.fetchone() == (table,)
