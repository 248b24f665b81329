"""How often a text's companies are found, and what is found is right: prints one JSON line.

    python benchmarks/linking.py --gazetteer CSV [--gazetteer CSV …] [--errors]

Two sets of texts were written and labelled apart from the linker (`tests/fixtures/linking`). A
mention is right where its issuer, beginning and end are. Only issuers with a mainland, Hong Kong
or American code count: the labels know no others. Brackets are 95 % bootstrap intervals over the
texts.
"""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import settings
from pipeline.entities.codes import normal
from pipeline.entities.linker import Linker, headline_of
from pipeline.entities.lists import read_issuers

SETS = settings.ROOT / "tests" / "fixtures" / "linking"
MARKETS = ("SH", "SZ", "BJ", "HK", "US")
RESAMPLES = 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--gazetteer", type=Path, action="append", default=[])
    parser.add_argument("--errors", action="store_true", help="print what is wrong as well")
    given = parser.parse_args()
    issuers = read_issuers([*settings.load().issuer_files, *given.gazetteer])
    codes = {one.code: issuer.entity_id for issuer in issuers for one in issuer.securities}
    counted = {who for code, who in codes.items() if code.rpartition(".")[2] in MARKETS}
    linker = Linker(issuers)
    found: dict[str, Any] = {"issuers": len(issuers)}
    for path in sorted(SETS.glob("*.jsonl")):
        texts = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        rows = []
        for one in texts:
            text = one["text"]
            right = Counter(_labelled(one, codes))
            said = Counter(
                (place.entity_id, place.start, place.end)
                for place in linker.places(text, headline_of(text))
                if place.entity_id in counted
            )
            rows.append((one["lang"], right, said))
            if given.errors and right != said:
                print(one["id"], repr(text))
                for name, some in (("missed", right - said), ("wrong", said - right)):
                    for who, start, end in some:
                        print(f"    {name}: {text[start:end]} at {start} as {who}")
        found[path.stem] = {
            lang: _figures([(right, said) for one, right, said in rows if one == lang])
            for lang in ("en", "zh")
        }
    print(json.dumps(found))


def _labelled(line: dict[str, Any], codes: dict[str, str]) -> list[tuple[str, int, int]]:
    """Issuer and place of every labelled mention; they come in the order of the text."""
    found, reached = [], 0
    for entity in line["entities"]:
        start = line["text"].index(entity["text"], reached)
        reached = start + len(entity["text"])
        code = normal(entity["code"])
        found.append((codes.get(code, code), start, reached))
    return found


Mentions = Counter[tuple[str, int, int]]


def _figures(rows: list[tuple[Mentions, Mentions]]) -> dict[str, Any]:
    counts = np.array(
        [((right & said).total(), said.total(), right.total()) for right, said in rows]
    )
    drawn = np.random.default_rng(0).integers(len(counts), size=(RESAMPLES, len(counts)))
    sums = counts[drawn].sum(axis=1)
    figures = {"texts": len(rows), "mentions": int(counts[:, 2].sum())}
    for name, of in (("precision", 1), ("recall", 2)):
        low, high = np.quantile(sums[:, 0] / sums[:, of], (0.025, 0.975))
        value = counts[:, 0].sum() / counts[:, of].sum()
        figures[name] = [round(float(x), 3) for x in (value, low, high)]
    return figures


if __name__ == "__main__":
    main()
