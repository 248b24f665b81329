"""What a turn of joining costs beside the batch that brought it: prints one JSON line.

    python benchmarks/joining.py [--stories 4000] [--rounds 7] [--device cpu]

So many stories of the last 72 hours are stored, none like another. Then batches of 64 articles are
scored and stored in turns, and what is new is compared with all that stands; `of_scoring` is the
median of ratios of single rounds. `first_s` is the turn that reads every vector, as after a start.
"""

import argparse
import json
import statistics
import time
from contextlib import closing

from path import mixed_news
from servers import articles, servers
from store import Writer

from models.runtime.loading import load_runtime
from pipeline import settings
from pipeline.entities.linker import Linker
from pipeline.entities.lists import read_issuers
from pipeline.joining import Joiner
from pipeline.scoring import Scorer
from pipeline.store.connection import connect

BATCH = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stories", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    given = parser.parse_args()
    conf = settings.load()
    issuers = read_issuers(conf.issuer_files)
    runtime = load_runtime(given.device, conf.model_dir, conf.cache / "base")
    scorer = Scorer(runtime, Linker(issuers))
    scoring, joining = [], []
    with servers() as parts, closing(connect(parts.database_url, "ingest")) as link:
        writer, joiner = Writer(parts.database_url, issuers), Joiner()
        for number, start in enumerate(range(0, given.stories, 500)):
            writer.write(articles(min(500, given.stories - start), issuers, seed=number))
        Joiner().join(link)
        for number in range(given.rounds + 1):
            news = mixed_news(BATCH, number)
            began = time.perf_counter()
            scorer.score(news)
            scored = time.perf_counter()
            writer.write(articles(BATCH, issuers, seed=1_000 + number))
            written = time.perf_counter()
            joiner.join(link)
            scoring.append(scored - began)
            joining.append(time.perf_counter() - written)
    ratios = [join / score for join, score in zip(joining[1:], scoring[1:], strict=True)]
    figures = {
        "stories": given.stories,
        "batch": BATCH,
        "scoring_s": round(statistics.median(scoring[1:]), 3),
        "joining_s": round(statistics.median(joining[1:]), 3),
        "of_scoring": round(statistics.median(ratios), 3),
        "first_s": round(joining[0], 3),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
