"""Figures as a person reads them: a line on the terminal, a page in the documentation."""

from collections.abc import Iterator, Sequence
from statistics import mean
from typing import TYPE_CHECKING, Final

from models.artefact import Manifest
from models.figures import Figures, HeadFigures, Interval

if TYPE_CHECKING:
    from models.fit import Progress

# Labels that a class was taken for, the most frequent ones.
_CONFUSIONS: Final = 3
_LANGUAGES: Final = {"en": "English", "zh": "Chinese"}


def summary(measured: Figures) -> str:
    """One line a head and language."""
    return "\n".join(
        f"{measured.data}, {head}, {language_name(language)}: "
        f"accuracy {one.accuracy.value:.3f} ({one.accuracy.low:.3f}–{one.accuracy.high:.3f}), "
        f"macro-F1 {one.macro_f1.value:.3f}, calibration error {one.ece.value:.3f}, "
        f"{_rows(measured, one, language)} rows"
        for head, languages in measured.heads.items()
        for language, one in languages.items()
    )


def told(progress: "Progress") -> str:
    """Where a training is, in one line."""
    text = f"{progress.stage}: pass {progress.epoch:.1f} of {progress.epochs}"
    text += f", loss {progress.loss:.2f}, {progress.rate:.0f} rows/s"
    if progress.remaining:
        text += f", {_duration(progress.remaining)} left"
    if progress.dev is not None:
        text += f", development macro-F1 {progress.dev:.3f}"
    return text


def spread(runs: Sequence[Figures]) -> str:
    """A Markdown table of the same rows judged by several trainings: mean, least and most."""
    lines = [
        f"Mean of {len(runs)} seeds (least–most).",
        "",
        "| head | language | rows | accuracy | macro-F1 | ECE |",
        "|---|---|---|---|---|---|",
    ]
    for head, languages in runs[0].heads.items():
        for language, first in languages.items():
            here = [run.heads[head][language] for run in runs]
            cells = [head, language_name(language), str(_rows(runs[0], first, language))]
            for figure in (
                [one.accuracy.value for one in here],
                [one.macro_f1.value for one in here],
                [one.ece.value for one in here],
            ):
                cells.append(f"{mean(figure):.3f} ({min(figure):.3f}–{max(figure):.3f})")
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def page(manifest: Manifest, measured: Sequence[Figures]) -> str:
    """A Markdown page: which model, trained on what, and its figures on each set."""
    training, base = manifest.training, manifest.base
    lines = [
        f"# Figures of {manifest.model_id}",
        "",
        f"- Base: {base.name}, {base.parameters / 1e6:.0f} million parameters.",
        f"- Training: {training.rows} lines (digest `{training.data_digest[:16]}`), "
        f"{training.epochs} passes, seed {training.seed}, "
        f"{tuning(manifest)}.",
        f"- Texts are read up to {manifest.window} tokens. Brackets are 95 % bootstrap intervals; "
        "ECE is the calibration error of the likeliest label, debiased.",
        f"- *held-out* is measured on {_held_out(manifest)}. Every other set is new to it: of a "
        "public set that is learned from the rows are those of its own held-out part, or of the "
        "fifth that was held out where it has none; of another, its held-out part or all of it.",
        "- *taken for*: what rows of a class were most often taken for instead, and how many.",
    ]
    for one in measured:
        lines += ["", f"## {one.data}", "", *_table(one), "", *_classes(one)]
    return "\n".join(lines).rstrip() + "\n"


def language_name(language: str) -> str:
    """A language of the figures as a person says it."""
    return _LANGUAGES.get(language, language)


def tuning(manifest: Manifest) -> str:
    """What of the encoder was trained."""
    if manifest.tuning == "full":
        return "all weights but the embeddings"
    return f"LoRA rank {manifest.lora_rank} on every linear layer"


def _table(measured: Figures) -> Iterator[str]:
    yield "| head | language | rows | accuracy | macro-F1 | ECE |"
    yield "|---|---|---|---|---|---|"
    for head, languages in measured.heads.items():
        for language, one in languages.items():
            cells = [head, language_name(language), str(_rows(measured, one, language))]
            cells += [_cell(one.accuracy), _cell(one.macro_f1), _cell(one.ece)]
            yield f"| {' | '.join(cells)} |"


def _classes(measured: Figures) -> Iterator[str]:
    """Rows, precision, recall, F1 and confusions of every class, the languages side by side."""
    for head, languages in measured.heads.items():
        names = list(languages)
        yield (
            f"| {head} | "
            + " | ".join(
                f"{language_name(name)}: rows, precision, recall, F1; taken for" for name in names
            )
            + " |"
        )
        yield "|---" * (1 + len(names)) + "|"
        labels = dict.fromkeys(label for name in names for label in languages[name].classes)
        for label in labels:
            cells = [_class_cell(languages[name], label) for name in names]
            yield f"| {_escaped(label)} | {' | '.join(cells)} |"
        yield ""


def _class_cell(one: HeadFigures, label: str) -> str:
    found = one.classes.get(label)
    if found is None:
        return "–"
    cell = f"{found.rows}, {found.precision:.2f}, {found.recall:.2f}, {found.f1:.2f}"
    often = sorted(found.taken_for.items(), key=lambda item: (-item[1], item[0]))[:_CONFUSIONS]
    others = ", ".join(f"{_escaped(label)} {count}" for label, count in often)
    return f"{cell}; {others}" if others else cell


def _cell(one: Interval) -> str:
    return f"{one.value:.3f} ({one.low:.3f}–{one.high:.3f})"


def _held_out(manifest: Manifest) -> str:
    if manifest.training.data == "corpus":
        return (
            "a run with the same recipe and seed that never saw those lines; the model itself was "
            "then trained on all of them"
        )
    return "rows of its mixture that it never saw"


def _rows(measured: Figures, one: HeadFigures, language: str) -> int:
    return one.rows or measured.rows[language]


def _duration(seconds: float) -> str:
    """Hours and minutes; seconds where it is less than two minutes."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _escaped(label: str) -> str:
    """A set's own label may have a bar in it, which would end the cell."""
    return label.replace("|", "\\|")
