"""The shipped model is the one its manifest says, and is right where alerts depend on it."""

import json
from collections import Counter

import pytest

from models.artefact import read_manifest
from models.config import load_config
from models.runtime.loading import load_runtime
from models.sets.finding import public_set
from models.sets.material import unseen
from models.sets.row import OWN
from pipeline import settings
from pipeline.cli.mixtures import CORPUS, assembled
from pipeline.scoring import text_of

SHIPPED = settings.ROOT / "models" / "shipped"
SETS = settings.ROOT.parent / "shared" / "data"
ARTICLES = settings.ROOT / "demo" / "newswire" / "articles"
# From this P(negative) on a story counts as bad news.
BAD = 0.6

pytestmark = pytest.mark.slow


def test_is_small_enough_for_a_repository() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 10_000_000


def test_was_trained_by_the_recipe_that_lies_beside_it() -> None:
    manifest, recipe = read_manifest(SHIPPED), load_config().recipe_of("open")
    assert manifest.base.name == load_config().base.name
    assert (manifest.tuning, manifest.lora_rank) == (recipe.tuning, recipe.lora_rank)
    assert manifest.window == recipe.window


@pytest.mark.skipif(not SETS.is_dir(), reason=f"the public sets are not in {SETS}")
def test_learned_from_nothing_but_what_may_be_passed_on() -> None:
    found = assembled("open", SETS, CORPUS, 0)
    assert unseen(read_manifest(SHIPPED), "open", found).name == "open"
    assert all(public_set(name).open for name in {row.set for row in found.train} - {OWN})


@pytest.fixture(scope="module")
def told() -> tuple[Counter[str], Counter[str]]:
    """Articles told as bad news, and all, by thread of the newswire.

    It was written apart from the corpus, and never trained on.
    """
    paths = sorted(ARTICLES.glob("*.jsonl"))
    articles = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]
    texts = [text_of(article["title"], "\n".join(article["body"])) for article in articles]
    cache = settings.load().cache / "base"
    said = load_runtime("cpu", SHIPPED, cache, "torch-fp32").score(texts)
    bad: Counter[str] = Counter()
    all_: Counter[str] = Counter()
    for article, prediction in zip(articles, said, strict=True):
        all_[article["thread"]] += 1
        bad[article["thread"]] += prediction.sentiment_probs[0] >= BAD
    return bad, all_


def test_tells_bad_news_from_good_on_the_newswire(
    told: tuple[Counter[str], Counter[str]],
) -> None:
    bad, all_ = told
    for thread in ("developer", "commodity", "rumour"):
        assert bad[thread] >= 0.8 * all_[thread], thread
    assert bad["positive"] <= 0.1 * all_["positive"]


@pytest.mark.xfail(reason="missed: 8 of 11 are told as bad news, for 9", strict=True)
def test_tells_the_bad_news_of_a_bank(told: tuple[Counter[str], Counter[str]]) -> None:
    bad, all_ = told
    assert bad["bank"] >= 0.8 * all_["bank"]


@pytest.mark.xfail(reason="missed: two denials of three are told as bad news", strict=True)
def test_takes_no_denial_for_bad_news(told: tuple[Counter[str], Counter[str]]) -> None:
    bad, _ = told
    assert bad["denial"] == 0
