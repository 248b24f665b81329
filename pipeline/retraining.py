"""The steps of the retrain DAG: what is labelled becomes a candidate, and perhaps the champion.

Every step can be run again: it finds what it left and goes on from there.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from pipeline.settings import ROOT, Settings, without_telemetry
from pipeline.store import labels
from pipeline.store.connection import connect

if TYPE_CHECKING:
    from models.fit import Progress

SEED_CORPUS: Final = ROOT / "models" / "corpus"
# Sets no model was trained on, in both languages: the sample newswire's own labels.
FROZEN: Final = tuple(
    ROOT / "demo" / "newswire" / "articles" / f"{language}.jsonl" for language in ("en", "zh")
)
_SEED: Final = 1


def worthwhile(settings: Settings) -> bool:
    """Whether analysts said anything since the last training. Raises StoreUnavailable."""
    link = connect(settings.database_url, "alerts")
    try:
        said = labels.fresh(link)
    finally:
        link.close()
    print(f"{said} labels since the last training" + ("" if said else ": nothing to learn"))
    return said > 0


def freeze(settings: Settings) -> str:
    """Freeze the seed corpus and what analysts labelled into one folder; returns the folder.

    Raises StoreUnavailable, models.errors.ModelError.
    """
    from models import retrain

    link = connect(settings.database_url, "alerts")
    try:
        judged = labels.judged(link)
        corpora = [SEED_CORPUS, *_corpus(judged, settings.home / "labels")]
        snapshot = retrain.freeze(corpora, settings.home / "snapshots")
        labels.keep_snapshot(link, snapshot.digest, snapshot.rows, str(snapshot.folder))
    finally:
        link.close()
    print(f"{snapshot.rows} labelled lines, {len(judged)} of them judged by analysts")
    return str(snapshot.folder)


def train(settings: Settings, snapshot: str) -> str:
    """Train a candidate on a snapshot; returns its folder. Raises models.errors.ModelError."""
    from models import retrain
    from models.config import load_config
    from models.data import digest, read_corpus

    without_telemetry()
    folder = Path(snapshot)
    candidate = settings.home / "models" / folder.name
    if not candidate.is_dir():
        lines = read_corpus(folder)
        tracking = settings.home / "mlflow"
        place = retrain.Workplace(settings.cache / "base", load_config(), _say, tracking)
        frozen = retrain.Snapshot(folder, digest(lines), len(lines))
        retrain.retrain(frozen, _SEED, place, candidate)
    return str(candidate)


def judge(settings: Settings, candidate: str) -> list[str]:
    """What speaks against a candidate beside the champion, a sentence each; none: it passes.

    Raises models.errors.ModelError.
    """
    from models import retrain
    from models.config import load_config

    new, old = (
        retrain.evaluate(folder, FROZEN, settings.device, settings.cache / "base")
        for folder in (Path(candidate), champion(settings))
    )
    return list(retrain.gate(new, old, load_config().gate).reasons)


def register(settings: Settings, candidate: str, reasons: list[str]) -> str:
    """Register a candidate, and make it champion where nothing speaks against it.

    Returns its model id. Raises StoreUnavailable, models.errors.ModelError.
    """
    from models.artefact import read_manifest

    folder = Path(candidate)
    manifest = read_manifest(folder)
    link = connect(settings.database_url, "alerts")
    try:
        labels.register(
            link,
            manifest.model_id,
            manifest.weights_digest,
            msgspec.to_builtins(manifest),
            reasons,
        )
    finally:
        link.close()
    for reason in reasons:
        print(f"not promoted: {reason}")
    if not reasons:
        _point(settings.home / "models" / "champion", folder)
    return manifest.model_id


def champion(settings: Settings) -> Path:
    """The folder of the model that serves: the last one promoted here, else the configured one."""
    promoted = settings.home / "models" / "champion"
    return promoted.resolve() if promoted.is_dir() else settings.model_dir


def _corpus(judged: list[labels.JudgedText], folder: Path) -> list[Path]:
    """The judged texts as a corpus folder, none where there are none.

    A text of a frozen set is left out, or the gate would ask for what was taught.
    """
    from models.labelled import read_labelled
    from pipeline.scoring import text_of

    frozen = {row.text for path in FROZEN for row in read_labelled(path)}
    lines = [
        {
            "id": f"judged-{item.article_id.hex}-{item.rev}",
            "text": text_of(item.title, item.body or ""),
            "lang": item.lang[:2],
            "topic": item.topic,
            "sentiment": item.sentiment,
        }
        for item in judged
        if item.lang[:2] in {"en", "zh"}
        and not any(text.startswith(item.title.strip()) for text in frozen)
    ]
    if not lines:
        return []
    text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    made = folder / hashlib.sha256(text).hexdigest()[:16]
    made.mkdir(parents=True, exist_ok=True)
    (made / "judged.jsonl").write_bytes(text)
    return [made]


def _say(progress: "Progress") -> None:
    """A line a pass in the log of the task."""
    from models.report import told

    if progress.epoch == int(progress.epoch):
        print(told(progress), flush=True)


def _point(link: Path, folder: Path) -> None:
    """Let `link` name `folder` from one moment to the next."""
    fresh = link.with_name(".champion")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(folder.resolve())
    fresh.replace(link)
