"""The shipped model is the one its manifest says, and is right where alerts depend on it."""

import json
from collections import Counter

import pytest

from models.artefact import read_manifest
from models.config import load_config
from models.data import digest, read_corpus
from models.runtime.loading import load_runtime
from pipeline import settings
from pipeline.scoring import text_of

SHIPPED = settings.ROOT / "models" / "shipped"
ARTICLES = settings.ROOT / "demo" / "newswire" / "articles"
# From this P(negative) on a story counts as bad news.
BAD = 0.6

pytestmark = pytest.mark.slow


def test_is_small_enough_for_a_repository() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 10_000_000


def test_was_trained_on_the_corpus_and_recipe_that_lie_beside_it() -> None:
    manifest, config = read_manifest(SHIPPED), load_config()
    assert manifest.training.data_digest == digest(read_corpus(settings.ROOT / "models" / "corpus"))
    assert manifest.base.name == config.base.name
    assert (manifest.lora_rank, manifest.window) == (config.recipe.lora_rank, config.recipe.window)


@pytest.mark.xfail(
    reason="missed: bank 8 of 11 told as bad news, and one denial of three", strict=True
)
def test_tells_bad_news_from_the_rest_on_the_newswire() -> None:
    """The newswire was written apart from the corpus, and never trained on."""
    paths = sorted(ARTICLES.glob("*.jsonl"))
    articles = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]
    texts = [text_of(article["title"], "\n".join(article["body"])) for article in articles]
    cache = settings.load().cache / "base"
    said = load_runtime("cpu", SHIPPED, cache).score(texts)
    bad: Counter[str] = Counter()
    all_: Counter[str] = Counter()
    for article, prediction in zip(articles, said, strict=True):
        all_[article["thread"]] += 1
        bad[article["thread"]] += prediction.sentiment_probs[0] >= BAD
    for thread in ("bank", "developer", "commodity", "rumour"):
        assert bad[thread] >= 0.8 * all_[thread], thread
    assert bad["positive"] <= 0.1 * all_["positive"]
    assert bad["denial"] == 0
