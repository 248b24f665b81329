"""How right the classifier is: prints one JSON line of figures.

    python benchmarks/accuracy.py newswire            the shipped model on the sample newswire
    python benchmarks/accuracy.py baseline --seed 0   TF-IDF and logistic regression, held-out lines
    python benchmarks/accuracy.py zero-shot FILE…     the shipped model on sentiment sets

`newswire` also counts, a thread of the newswire, the articles that alerts would take for negative
(P(negative) of 0.6 and more). `zero-shot` takes 500 rows of each file, drawn with seed 0.
"""

import argparse
import json
import random
from pathlib import Path
from typing import Any

import numpy as np

from models.artefact import read_manifest
from models.config import load_config
from models.data import Example, read_corpus, split
from models.evaluate import Judged, figures
from models.figures import Figures
from models.labelled import Labelled, measure, read_labelled
from models.labels import HEADS
from models.runtime.loading import load_runtime
from models.runtime.protocol import Runtime
from pipeline import settings

ARTICLES = settings.ROOT / "demo" / "newswire" / "articles"
# From this P(negative) on a story counts as bad news.
BAD = 0.6
ROWS = 500


def main() -> None:
    arguments = _arguments()
    conf = settings.load()
    if arguments.what == "baseline":
        print(json.dumps(_plain(_baseline(arguments.seed))))
        return
    folder = arguments.model or conf.model_dir
    runtime = load_runtime(conf.device, folder, conf.cache / "base", "torch-fp32")
    model_id = read_manifest(folder).model_id
    if arguments.what == "newswire":
        print(json.dumps({"model": model_id} | _newswire(runtime)))
        return
    for path in arguments.files:
        rows = random.Random(0).sample(read_labelled(path), ROWS)
        rows = [
            Labelled(row.text, row.lang, {"sentiment": row.labels["sentiment"]}) for row in rows
        ]
        print(json.dumps({"model": model_id} | _plain(measure(runtime, rows, path.stem))))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["newswire", "baseline", "zero-shot"])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _newswire(runtime: Runtime) -> dict[str, Any]:
    paths = sorted(ARTICLES.glob("*.jsonl"))
    rows = [row for path in paths for row in read_labelled(path)]
    articles = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]
    said = runtime.score([row.text for row in rows])
    threads: dict[str, dict[str, int]] = {}
    for article, prediction in zip(articles, said, strict=True):
        kind = f"{article['thread']}, {article['sentiment']}"
        counts = threads.setdefault(kind, {"articles": 0, "bad": 0})
        counts["articles"] += 1
        counts["bad"] += prediction.sentiment_probs[0] >= BAD
    return _plain(measure(runtime, rows, "newswire")) | {"threads": threads}


def _baseline(seed: int) -> Figures:
    """Words and word pairs, characters for Chinese; fitted on what the model's first run fits."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    recipe = load_config().recipe
    lines = read_corpus(settings.ROOT / "models" / "corpus")
    parts = split(lines, recipe.held_out_share, recipe.dev_share, seed)
    known: list[Example] = parts.fit + parts.dev
    languages = np.array([line.lang for line in parts.held_out])
    judged = {}
    for head, labels in HEADS.items():
        model = make_pipeline(
            make_union(
                TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
                TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True),
            ),
            LogisticRegression(C=10, max_iter=2000),
        )
        model.fit([line.text for line in known], [getattr(line, head) for line in known])
        order = [list(model.classes_).index(label) for label in labels]
        probs = model.predict_proba([line.text for line in parts.held_out])[:, order]
        truth = np.array([labels.index(getattr(line, head)) for line in parts.held_out])
        judged[head] = Judged(probs, truth, languages)
    return figures("held-out", judged)


def _plain(measured: Figures) -> dict[str, Any]:
    """The figures with their intervals, without the classes."""
    return {
        "data": measured.data,
        "rows": measured.rows,
        "figures": {
            head: {
                language: {
                    name: [round(x, 3) for x in (one.value, one.low, one.high)]
                    for name, one in (
                        ("accuracy", found.accuracy),
                        ("macro_f1", found.macro_f1),
                        ("ece", found.ece),
                    )
                }
                for language, found in languages.items()
            }
            for head, languages in measured.heads.items()
        },
    }


if __name__ == "__main__":
    main()
