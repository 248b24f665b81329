"""Figures as a person reads them: a line on the terminal, a page in the documentation."""

from collections.abc import Iterator, Sequence

from models.artefact import Manifest
from models.figures import Figures, HeadFigures, Interval

_LANGUAGES = {"en": "English", "zh": "Chinese"}


def summary(measured: Figures) -> str:
    """One line a head and language."""
    return "\n".join(
        f"{measured.data}, {head}, {_LANGUAGES.get(language, language)}: "
        f"accuracy {one.accuracy.value:.3f} ({one.accuracy.low:.3f}–{one.accuracy.high:.3f}), "
        f"macro-F1 {one.macro_f1.value:.3f}, calibration error {one.ece.value:.3f}, "
        f"{measured.rows[language]} rows"
        for head, languages in measured.heads.items()
        for language, one in languages.items()
    )


def page(manifest: Manifest, measured: Sequence[Figures]) -> str:
    """A Markdown page: which model, trained on what, and its figures on each set."""
    training, base = manifest.training, manifest.base
    lines = [
        f"# Figures of {manifest.model_id}",
        "",
        f"- Base: {base.name}, {base.parameters / 1e6:.0f} million parameters.",
        f"- Training: {training.rows} lines (digest `{training.data_digest[:16]}`), "
        f"{training.epochs} passes, seed {training.seed}, "
        f"LoRA rank {manifest.lora_rank} on every linear layer.",
        f"- Texts are read up to {manifest.window} tokens. Brackets are 95 % bootstrap intervals; "
        "ECE is the expected calibration error of the likeliest label.",
        "- *held-out* is measured on a run with the same recipe and seed that never saw those "
        "lines; the model itself was then trained on all of them. Every other set is new to it.",
    ]
    for one in measured:
        lines += ["", f"## {one.data}", "", *_table(one), "", *_classes(one)]
    return "\n".join(lines).rstrip() + "\n"


def _table(measured: Figures) -> Iterator[str]:
    yield "| head | language | rows | accuracy | macro-F1 | ECE |"
    yield "|---|---|---|---|---|---|"
    for head, languages in measured.heads.items():
        for language, one in languages.items():
            cells = [head, _LANGUAGES.get(language, language), str(measured.rows[language])]
            cells += [_cell(one.accuracy), _cell(one.macro_f1), _cell(one.ece)]
            yield f"| {' | '.join(cells)} |"


def _classes(measured: Figures) -> Iterator[str]:
    """Rows, precision, recall and F1 of every class, the languages side by side."""
    for head, languages in measured.heads.items():
        names = list(languages)
        yield (
            f"| {head} | "
            + " | ".join(
                f"{_LANGUAGES.get(name, name)}: rows, precision, recall, F1" for name in names
            )
            + " |"
        )
        yield "|---" * (1 + len(names)) + "|"
        labels = dict.fromkeys(label for name in names for label in languages[name].classes)
        for label in labels:
            cells = [_class_cell(languages[name], label) for name in names]
            yield f"| {label} | {' | '.join(cells)} |"
        yield ""


def _class_cell(one: HeadFigures, label: str) -> str:
    found = one.classes.get(label)
    if found is None:
        return "–"
    return f"{found.rows}, {found.precision:.2f}, {found.recall:.2f}, {found.f1:.2f}"


def _cell(one: Interval) -> str:
    return f"{one.value:.3f} ({one.low:.3f}–{one.high:.3f})"
