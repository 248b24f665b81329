"""How often the language of a text is told right: prints one JSON line, the share right per set.

    python benchmarks/languages.py            the lines under tests/fixtures/languages
    python benchmarks/languages.py FOLDER     and every *.jsonl of FOLDER with `text` and `lang`

A row of a language that is not scored is right where it is taken for neither English nor Chinese, a
row that says no more than `zh` whatever its script. `as_labelled` goes by what FOLDER says, `right`
by what the rows are written in: some of its English rows are German press releases and the like
(tests/fixtures/languages/mislabelled.json). Rows of tickers alone count as wrong in both.
"""

import argparse
import json
import re
import time
from collections.abc import Iterable
from pathlib import Path

from pipeline import settings
from pipeline.language import SUPPORTED, detect

OWN = settings.ROOT / "tests" / "fixtures" / "languages"
_MISLABELLED = OWN / "mislabelled.json"
# So few Chinese characters need not tell Hans from Hant.
SHORT = 12

_HAN = re.compile(r"[\u4e00-\u9fff]")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    folder = parser.parse_args().folder
    detect("Read the models of the languages before the clock starts, dit is geen Engels")
    sets = {path: read(path) for path in _files(OWN, folder)}
    begun = time.process_time()
    shares = {path.stem: round(share_right(rows), 5) for path, rows in sets.items()}
    seconds = time.process_time() - begun
    texts = sum(map(len, sets.values()))
    labelled = {path.stem: round(share_right(read(path, {})), 5) for path in _files(folder)}
    figures = {"right": shares, "as_labelled": labelled, "texts": texts}
    print(json.dumps(figures | {"texts_per_s": round(texts / seconds)}))


def read(path: Path, written_in: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """The language and the text of every line, the language corrected where the label is wrong."""
    if written_in is None:
        written_in = json.loads(_MISLABELLED.read_bytes())
    with path.open(encoding="utf-8") as lines:
        rows = list(map(json.loads, lines))
    return [(written_in.get(row.get("id"), row["lang"]), row["text"]) for row in rows]


def share_right(rows: list[tuple[str, str]]) -> float:
    """The share of the rows whose language is told right."""
    return sum(is_right(lang, text) for lang, text in rows) / len(rows)


def is_right(lang: str, text: str) -> bool:
    """Whether the text is told as what it is."""
    found = detect(text)
    if lang == "zh":
        return found in {"zh", "zh-Hans", "zh-Hant"}
    if lang not in SUPPORTED:
        return found not in SUPPORTED
    short = lang != "en" and len(_HAN.findall(text)) <= SHORT
    return found == lang or (short and found == "zh")


def _files(*folders: Path | None) -> Iterable[Path]:
    return [path for folder in folders if folder for path in sorted(folder.glob("*.jsonl"))]


if __name__ == "__main__":
    main()
