"""How well articles are put into stories: prints one JSON line.

    python benchmarks/stories.py [--model FOLDER]

Adjusted Rand index (Hubert and Arabie, "Comparing partitions", 1985) on labelled articles that the
story vector did not learn from (`tests/fixtures/stories`), with and without the vectors. Of each
file: how many articles have another event of the same company within a day and a half beside them
(they share a name that at most 15 articles have), and which share of the pairs of one story has a
word Jaccard below 0.3. Then into how many stories the articles of the sample newswire are put, each
of which tells an event of its own. About a minute on two cores.
"""

import argparse
import json
import re
from collections import Counter
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import adjusted_rand_score
from texts import newswire

from models.runtime.loading import load_runtime
from models.runtime.protocol import Runtime
from models.stories import Report, read_reports
from pipeline import settings
from pipeline.clusters import Clusters, Item
from pipeline.folding import fold
from pipeline.stories import signature
from pipeline.terms import rare

SETS = settings.ROOT / "tests" / "fixtures" / "stories"
NEAR = timedelta(hours=36)
RARE = 15
REWRITTEN = 0.3


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path)
    given = parser.parse_args()
    conf = settings.load()
    runtime = load_runtime(conf.device, given.model or conf.model_dir, conf.cache / "base")
    found: dict[str, Any] = {"model": runtime.model_id}
    totals = Counter[str]()
    for path in sorted(SETS.glob("*.jsonl")):
        reports = read_reports(path)
        said = runtime.score([report.text for report in reports])
        counts = _hardness(reports)
        totals.update(counts)
        found[path.stem] = {
            "articles": len(reports),
            "stories": len({report.story for report in reports}),
            "minhash": _index(reports, [None] * len(reports)),
            "with_vectors": _index(reports, [one.vector for one in said]),
            **_shares(counts),
        }
    found["all"] = {
        "articles": totals["articles"],
        **{
            name: round(float(np.mean([one[name] for one in _sets(found)])), 3)
            for name in ("minhash", "with_vectors")
        },
        **_shares(totals),
    }
    found["newswire"] = _newswire(runtime)
    print(json.dumps(found))


def _newswire(runtime: Runtime) -> dict[str, int]:
    """Its articles, and the stories that are made of them."""
    every = [(lang, one["title"], "\n".join(one["body"])) for lang, one in newswire()]
    said = runtime.score([f"{title}\n{body}" for _, title, body in every])
    clusters = Clusters()
    stories = {
        clusters.add(_item(lang, None, title, body, one.vector)).story
        for (lang, title, body), one in zip(every, said, strict=True)
    }
    return {"articles": len(every), "stories": len(stories)}


def _item(lang: str, at: datetime | None, title: str, body: str, vector: Any) -> Item:
    return Item(lang, at, signature(title, body), vector, rare(f"{title} {body}"))


def _sets(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in found.values() if isinstance(one, dict)]


def _index(reports: list[Report], vectors: list[Any]) -> float:
    """The index of what the articles are put into, the oldest first."""
    order = sorted(range(len(reports)), key=lambda i: _at(reports[i]))
    clusters, story = Clusters(), {}
    for i in order:
        one = reports[i]
        item = _item(one.lang, _at(one), one.title, one.body, vectors[i])
        story[i] = clusters.add(item).story
    labels = [report.story for report in reports]
    return round(float(adjusted_rand_score(labels, [story[i] for i in range(len(reports))])), 3)


def _hardness(reports: list[Report]) -> Counter[str]:
    names = [_names(report) for report in reports]
    known = Counter(name for some in names for name in some)
    rare = [{name for name in some if known[name] <= RARE} for some in names]
    words = [_words(report) for report in reports]
    hard: set[int] = set()
    counts = Counter(articles=len(reports))
    for i, j in combinations(range(len(reports)), 2):
        if reports[i].story == reports[j].story:
            counts["pairs"] += 1
            jaccard = len(words[i] & words[j]) / len(words[i] | words[j])
            counts["rewritten"] += jaccard < REWRITTEN
        elif rare[i] & rare[j] and abs(_at(reports[i]) - _at(reports[j])) <= NEAR:
            hard |= {i, j}
    counts["hard"] = len(hard)
    return counts


def _shares(counts: Counter[str]) -> dict[str, float]:
    return {
        "hard_negatives": round(counts["hard"] / counts["articles"], 3),
        "rewritten_pairs": round(counts["rewritten"] / counts["pairs"], 3),
    }


def _names(report: Report) -> set[str]:
    """What may be a company's name: capitalised words; four Chinese characters in a row."""
    if report.lang == "en":
        return set(re.findall(r"\b[A-Z][a-z]{3,}\b", report.title))
    runs = re.findall(r"[\u4e00-\u9fff]{4,}", fold(report.title))
    return {run[i : i + 4] for run in runs for i in range(len(run) - 3)}


def _words(report: Report) -> set[str]:
    return set(re.findall(r"[a-z0-9]+|[\u4e00-\u9fff]", fold(f"{report.title} {report.body}")))


def _at(report: Report) -> datetime:
    return datetime.fromisoformat(report.published_at)


if __name__ == "__main__":
    main()
