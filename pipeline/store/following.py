"""How far the consumer has come, for programs that wait for it."""

from collections.abc import Mapping

from pipeline.store.connection import Connection, rows, transaction
from pipeline.store.rows import OUTCOMES, Counts
from sql import queries

_SQL = queries("replay")


def reached(link: Connection, topic: str, offsets: Mapping[int, int]) -> bool:
    """Whether everything before these offsets (by partition) is committed."""
    with transaction(link) as cursor:
        cursor.execute(
            _SQL["reached"],
            {"topic": topic, "partitions": list(offsets), "offsets": list(offsets.values())},
        )
        answer = cursor.fetchone()
    return bool(answer and answer[0])


def outcomes_since(link: Connection, topic: str, offsets: Mapping[int, int]) -> Counts:
    """What the records from these offsets on came to, as far as they are committed."""
    with transaction(link) as cursor:
        cursor.execute(
            _SQL["outcomes_since"],
            {"topic": topic, "partitions": list(offsets), "offsets": list(offsets.values())},
        )
        row = rows(cursor)[0]
    return Counts(**{name: int(row[name]) for name in OUTCOMES})
