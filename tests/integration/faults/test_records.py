"""Records that are poison: to the reader, to the model, to the process itself."""

import math
from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest

from models.mentions import Spans
from models.runtime.protocol import Prediction
from models.runtime.stub import StubRuntime
from pipeline.entities.linker import Linker
from pipeline.messages import MAX_MESSAGE_BYTES, RAW_TOPIC, encode
from pipeline.scoring import Scorer
from tests.integration.consuming import publish, send, wait_until, working
from tests.integration.faults import victim
from tests.integration.faults.ledger import PATIENCE_S, Ledger, outcomes, total
from tests.integration.faults.processes import asking, dead, running
from tests.integration.ingest import world
from tests.integration.ingest.batches import ISSUERS, ask, newswire

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CAUSES = "SELECT DISTINCT stage, cause FROM dead_letter ORDER BY 1, 2"


def test_one_percent_of_poison_is_set_aside_with_its_cause(
    seed: int, fresh_kafka: str, fresh_database: str, ledger: Ledger
) -> None:
    expected = world.build(seed, stories=310, poisons=5)
    send(fresh_kafka, expected.messages)
    with asking(fresh_database) as link, working(fresh_kafka, fresh_database):
        ledger.check("one record in a hundred is poison", link, expected)
    assert all(cause for _, cause in ask(fresh_database, CAUSES))


def test_a_message_beyond_the_cap_is_set_aside_and_one_at_the_cap_is_read(
    fresh_kafka: str, fresh_database: str, ledger: Ledger
) -> None:
    article = world.article("https://ledger.example/long", "Harbour Bank falls", "")
    room = MAX_MESSAGE_BYTES - len(encode(article))
    at_the_cap = encode(msgspec.structs.replace(article, body="a" * room))
    beyond = at_the_cap.replace(b"aaaa", b"aaaaa", 1)
    assert (len(at_the_cap), len(beyond)) == (MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES + 1)
    send(fresh_kafka, [(RAW_TOPIC, "at", at_the_cap), (RAW_TOPIC, "beyond", beyond)])
    with asking(fresh_database) as link, working(fresh_kafka, fresh_database):
        wait_until(lambda: total(link) == 2)
        assert outcomes(link)["dead"] == 1
        ledger.note("a message beyond the size cap, and one at it", link, 2)
    causes = [("decode", f"message of {len(beyond)} bytes; at most {MAX_MESSAGE_BYTES}")]
    assert ask(fresh_database, CAUSES) == causes


def test_a_record_that_kills_the_process_is_set_aside_and_takes_no_other_with_it(
    seed: int, fresh_kafka: str, fresh_database: str, ledger: Ledger
) -> None:
    expected = world.build(seed)
    killer = world.article(
        "https://ledger.example/killer", "Orrin Copper halts its smelter", "DEADLYWORD was said."
    )
    messages = list(expected.messages)
    messages.insert(len(messages) // 2, (RAW_TOPIC, killer.article_id, encode(killer)))
    expected = replace(
        expected,
        messages=messages,
        outcomes=expected.outcomes | {"dead": expected.outcomes["dead"] + 1},
    )
    send(fresh_kafka, messages)
    order = victim.Order(fresh_kafka, fresh_database, deadly="DEADLYWORD")
    deaths = 0
    with asking(fresh_database) as link:
        while total(link) < len(messages):
            with running(order) as consumer:
                wait_until(
                    lambda consumer=consumer: dead(consumer) or total(link) >= len(messages),
                    "it neither dies nor ends",
                    PATIENCE_S,
                )
                deaths += dead(consumer)
            assert deaths <= 3
        ledger.check("a record kills the process", link, expected)
    causes = ask(fresh_database, f"{CAUSES.replace('ORDER', 'WHERE stage = $$score$$ ORDER')}")
    assert causes == [("score", "the process died 3 times on it")]


class Weak(StubRuntime):
    """Has memory for three texts at once, and no number for one of them."""

    def score(
        self, texts: Sequence[str], mentions: Sequence[Sequence[Spans]] | None = None
    ) -> list[Prediction]:
        if len(texts) > 3:
            raise MemoryError
        found = super().score(texts, mentions)
        nan = Prediction((math.nan,) * 24, (math.nan,) * 3, None)
        return [
            nan if "NOTANUMBER" in text else one for text, one in zip(texts, found, strict=True)
        ]


def test_out_of_memory_and_nan_within_a_batch_cost_the_culprit_only(
    fresh_kafka: str, fresh_database: str, ledger: Ledger
) -> None:
    good = newswire("background", 30)
    culprit = world.article("https://ledger.example/nan", "Orrin Copper", "NOTANUMBER rose again.")
    publish(fresh_kafka, [*good[:15], culprit, *good[15:]])
    weak = Scorer(Weak(), Linker(ISSUERS))
    with (
        asking(fresh_database) as link,
        working(fresh_kafka, fresh_database, scorer=weak),
    ):
        wait_until(lambda: total(link) == 31)
        assert (outcomes(link)["scored"], outcomes(link)["dead"]) == (30, 1)
        ledger.note("out of memory, and NaN, within a batch", link, 31)
    causes = [("score", "the classifier gives no finite answer for this text")]
    assert ask(fresh_database, CAUSES) == causes
