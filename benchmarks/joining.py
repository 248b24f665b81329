"""What a turn of joining costs beside the batch that brought it: prints one JSON line.

    python benchmarks/joining.py [--stories 4000] [--rounds 7] [--device cpu]

So many stories of the last 72 hours stand, none like another. Then batches of 64 articles are
scored and stored in turns, and what is new is compared with all that stands; `of_scoring` is the
median of ratios of single rounds. `first_s` is the turn that reads every vector, as after a start.
"""

import argparse
import json
import statistics
import time
from contextlib import closing
from uuid import uuid4

import numpy as np
import psycopg2
from path import mixed_news
from psycopg2.extras import execute_values
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
HIDDEN, RARE = 384, 30


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
        writer.write(articles(BATCH, issuers))
        _stand(parts.database_url, given.stories)
        for number in range(given.rounds + 1):
            news = mixed_news(BATCH, number)
            began = time.perf_counter()
            scorer.score(news)
            scored = time.perf_counter()
            writer.write(articles(BATCH, issuers, seed=1 + number))
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


def _stand(url: str, count: int) -> None:
    """Stories of three days with an article and two issuers each, as a consumer leaves them."""
    rng = np.random.default_rng(0)
    rows = []
    for vector in rng.standard_normal((count, HIDDEN)):
        unit = np.round(vector / np.linalg.norm(vector), 5).tolist()
        rare = rng.integers(-(2**31), 2**31, RARE).tolist()
        rows.append((str(uuid4()), rng.uniform(0, 72), json.dumps(unit), rare))
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        execute_values(
            cursor,
            "INSERT INTO story (story_id, lang, title, first_at, last_at, representative,"
            " signature, vector, rare) SELECT id::uuid, 'en', 'A title', at, at, id::uuid,"
            " decode(repeat('5a', 512), 'hex'), vector::halfvec, rare"
            " FROM (VALUES %s) AS told (id, hours, vector, rare),"
            " LATERAL (SELECT now() - hours * interval '1 hour' AS at) AS time",
            rows,
        )
        cursor.execute(
            "INSERT INTO article"
            " SELECT story.story_id, source_id, publisher_id, url, 'news', first_at, first_at,"
            " origin, story.story_id, 1 FROM story,"
            " (SELECT * FROM article LIMIT 1) AS one WHERE story.title = 'A title'"
        )
        cursor.execute(
            "INSERT INTO story_signal (story_id, series_id, occurred_at, p_negative, p_positive,"
            " relevance, origin) SELECT story_id, series_id, first_at, 0, 0, 1, 'live' FROM story,"
            " (SELECT series_id FROM series WHERE kind = 'issuer' LIMIT 2) AS about"
            " WHERE story.title = 'A title'"
        )
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    main()
