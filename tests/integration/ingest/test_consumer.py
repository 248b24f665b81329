"""The real loop over a real Kafka: dead letters sent again, a dump replayed."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from models.mentions import Spans
from models.runtime.protocol import Prediction
from models.runtime.stub import StubRuntime
from pipeline.cli import dlq, replay
from pipeline.entities.linker import Linker
from pipeline.scoring import Scorer
from pipeline.store import deadletters
from tests.integration.consuming import OUTCOMES, publish, wait_until, working
from tests.integration.ingest import world
from tests.integration.ingest.batches import ISSUERS, ask, newswire

pytestmark = pytest.mark.slow


class Broken(StubRuntime):
    """Gives no number for anything."""

    def score(
        self, texts: Sequence[str], mentions: Sequence[Sequence[Spans]] | None = None
    ) -> list[Prediction]:
        return [Prediction((math.nan,) * 24, (math.nan,) * 3, None) for _ in texts]


@pytest.fixture
def servers(fresh_kafka: str, fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The commands find these servers; returns Kafka's."""
    monkeypatch.setenv("TOCSIN_KAFKA_BOOTSTRAP", fresh_kafka)
    monkeypatch.setenv("TOCSIN_DATABASE_URL", fresh_database)
    return fresh_kafka


BROKEN = Scorer(Broken(), Linker(ISSUERS))


def test_dead_letters_can_be_sent_again_and_again(
    servers: str,
    fresh_database: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(servers, newswire("bank", 9))
    with working(servers, fresh_database, scorer=BROKEN) as worker:
        wait_until(lambda: worker.progress.counts.dead == 9)
    # As if the command had died after Kafka's ack and before it could note it.
    with monkeypatch.context() as dying:
        dying.setattr(deadletters, "mark_replayed", lambda *_: None)
        dlq.replay()
    dlq.replay()
    dlq.replay()
    assert capsys.readouterr().out.splitlines() == [
        "9 dead letters sent again.",
        "9 dead letters sent again.",
        "0 dead letters sent again.",
    ]
    with working(servers, fresh_database) as worker:
        wait_until(lambda: worker.progress.counts.records == 18)
        assert worker.progress.counts.dead == 0
    assert ask(fresh_database, OUTCOMES) == [(9, 0, 9, 0, 9)]
    # They were seen when they came first, not when they came again.
    seen = "SELECT seen_at FROM {} ORDER BY 1"
    assert ask(fresh_database, seen.format("revision")) == ask(
        fresh_database, seen.format("dead_letter")
    )
    # What may be kept of them is what was stored now.
    kept = "SELECT DISTINCT state, raw, headers FROM dead_letter"
    assert ask(fresh_database, kept) == [("replayed", None, [])]


def test_a_dead_letter_sent_again_does_not_undo_a_later_correction(
    servers: str, fresh_database: str
) -> None:
    (first,) = newswire("bank", 1)
    corrected = msgspec.structs.replace(first, title=f"Correction: {first.title}")
    publish(servers, [first])
    with working(servers, fresh_database, scorer=BROKEN) as worker:
        wait_until(lambda: worker.progress.counts.dead == 1)
    publish(servers, [corrected])
    # The correction lies before it in the log and nobody has read it yet.
    dlq.replay()
    with working(servers, fresh_database) as worker:
        wait_until(lambda: worker.progress.counts.records == 2)
    assert ask(fresh_database, OUTCOMES) == [(1, 0, 1, 0, 1)]
    assert ask(fresh_database, "SELECT title, kind FROM story") == [(corrected.title, "correction")]
    assert ask(fresh_database, "SELECT rev, title FROM revision") == [(1, corrected.title)]


def dump() -> list[str]:
    """200 lines: distinct stories, ten reprints, ten lines twice, five in German, five bad."""
    chosen = world.texts()[:170]
    stories = [
        {"title": item["title"], "body": "\n".join(item["body"]), "published_at": stamp(n)}
        for n, item in enumerate(chosen)
    ]
    copies = [{**item, "url": f"https://post.example/{n}"} for n, item in enumerate(stories[:10])]
    german = [
        {"text": f"Die Bank schließt {n} Filialen und streicht Stellen", "published_at": stamp(n)}
        for n in range(2, 7)
    ]
    good = [json.dumps(item) for item in [*stories, *copies, *stories[:10], *german]]
    hostile = json.dumps({"text": "x", "url": "http://\x1b[2J℀/", "published_at": stamp(0)})
    return [*good, "{", "[]", '{"text": "undated"}', hostile, "null"]


def stamp(number: int) -> str:
    return f"2026-11-{1 + number // 24:02}T{number % 24:02}:00:00+08:00"


def test_the_outcomes_of_a_replayed_dump_add_up(
    servers: str, fresh_database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = dump()
    assert len(lines) == 200
    path = tmp_path / "dump.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with working(servers, fresh_database):
        replay.replay(path, 0.0, 40)
    said = capsys.readouterr().out
    assert "All 195 records have exactly one outcome." in said
    assert [f"line {number}:" in said for number in range(196, 201)] == [True] * 5
    assert "\x1b" not in said
    assert ask(fresh_database, OUTCOMES) == [(170, 10, 10, 5, 0)]
    assert ask(fresh_database, "SELECT DISTINCT origin FROM article") == [("replay",)]
