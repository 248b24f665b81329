"""Whether a consumer at full load keeps its memory: prints one JSON line.

    python benchmarks/memory.py [--minutes 30] [--batch 64]

The process that scores and stores is looked at every ten seconds, from the second minute on. Its
growth is the slope of a line through what was seen, for an hour.
"""

import argparse
import json
import time

import numpy as np
import psutil
from path import mixed_news, working
from servers import servers

from models.runtime.loading import load_runtime
from pipeline import settings
from pipeline.entities.linker import Linker
from pipeline.entities.lists import read_issuers
from pipeline.scoring import Scorer

EVERY_S = 10.0
# Until every size of batch has been met once.
WARM_S = 60.0
# Articles sent at once; the next come before these are read.
PORTION = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--batch", type=int, default=64)
    given = parser.parse_args()
    conf = settings.load()
    issuers = read_issuers(conf.issuer_files)
    runtime = load_runtime("cpu", conf.model_dir, conf.cache / "base")
    scorer = Scorer(runtime, Linker(issuers))
    process, seen = psutil.Process(), []
    with servers() as parts, working(parts, runtime, scorer, issuers, given.batch) as work:
        began = time.monotonic()
        portion, due = 0, began + WARM_S
        while (now := time.monotonic()) - began < given.minutes * 60:
            if work.left() < PORTION:
                work.send(mixed_news(PORTION, portion), 0)
                portion += 1
            if now >= due:
                seen.append((now - began, process.memory_info().rss / 2**20))
                due += EVERY_S
            time.sleep(0.5)
        read = work.read()
    seconds, sizes = np.array(seen).T
    figures = {
        "minutes": given.minutes,
        "articles": read,
        "first_mib": round(float(sizes[:6].mean())),
        "last_mib": round(float(sizes[-6:].mean())),
        "most_mib": round(float(sizes.max())),
        "growth_mib_an_hour": round(float(np.polyfit(seconds, sizes, 1)[0] * 3600), 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
