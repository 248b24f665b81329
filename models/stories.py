"""The story vector: a text's place among reports, where those of one event lie together.

An encoder's mean of a text says what it is about; two events of one company on one day are nearly
the same to it. A linear map of that mean is learned from labelled stories so that reports of one
event, in whatever words, come near one another and other events do not.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from models.errors import ModelError
from models.runtime.protocol import Runtime
from models.text import Script

Floats = NDArray[np.float32]

FILE: Final = "stories.safetensors"
LANGUAGES: Final[tuple[Script, ...]] = ("en", "zh")

# How it is learned; chosen on the labelled stories, each writer left out in turn.
_EPOCHS: Final = 60
_RATE: Final = 2e-3
_STAY: Final = 0.1
# What copies weigh: they are near one another before anything is learned.
_COPY_WEIGHT: Final = 0.3
# How many of the texts nearest to a line it is told apart from, what each of these pairs weighs,
# and how near two lines may tell one event.
_NEAREST: Final = 8
_LINE_WEIGHT: Final = 0.3
_ALIKE: Final = 0.9


class Report(msgspec.Struct, frozen=True):
    """One labelled article."""

    id: str
    # Articles of one story report the same event.
    story: str
    lang: Script
    title: str
    body: str
    publisher: str
    published_at: str

    @property
    def text(self) -> str:
        """As the classifier reads it."""
        return f"{self.title}\n{self.body}"


@dataclass(frozen=True)
class StoryHead:
    """Makes story vectors of one model's encoder."""

    # By language, the mean of the encoder's vectors over the labelled stories, [hidden].
    centres: Mapping[Script, Floats]
    # [hidden, hidden].
    projection: Floats

    def vectors(self, pooled: Floats, languages: Sequence[Script]) -> Floats:
        """[texts, hidden] of unit length from the encoder's means of the same shape."""
        centres = np.stack([self.centres[language] for language in languages])
        # Not by numpy: its own threads stay awake behind a product and slow the encoder's by half.
        moved = torch.from_numpy(_unit(pooled) - centres) @ torch.from_numpy(self.projection).T
        return _unit(moved.numpy())


def read_reports(path: Path) -> list[Report]:
    """The labelled articles of one JSON-lines file. Raises ModelError for a wrong line."""
    decoder = msgspec.json.Decoder(Report)
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            found.append(decoder.decode(line))
        except msgspec.DecodeError as error:
            raise ModelError(f"{path}:{number}: {error}") from error
    return found


def teach(
    runtime: Runtime,
    folder: Path,
    reports: Sequence[Report],
    copies: Callable[[int, int], bool],
    lines: Sequence[tuple[Script, str]],
) -> None:
    """Give the model in `folder`, loaded as `runtime`, a story head learned from `reports`.

    `lines` are texts that each tell an event of their own, with their language. Raises ModelError
    where the model has a story head, because then its vectors are none of the encoder's.
    """
    if (folder / FILE).exists():
        raise ModelError(f"{folder} has a story head already.")
    texts = [*(report.text for report in reports), *(text for _, text in lines)]
    vectors = [one.vector for one in runtime.score(texts)]
    known = np.stack([one for one in vectors if one is not None])
    head = learn(reports, known, copies, [language for language, _ in lines])
    save(head, runtime.weights_digest, folder)


def learn(
    reports: Sequence[Report],
    pooled: Floats,
    copies: Callable[[int, int], bool],
    lines: Sequence[Script] = (),
) -> StoryHead:
    """A head learned from the encoder's means of reports, then of lines, [reports + lines, hidden].

    `copies` says of two reports, by place, whether one nearly repeats the other's words; `lines`
    are the languages of texts that each tell an event of their own.
    """
    languages = [*(report.lang for report in reports), *lines]
    unit = _unit(pooled)
    written = range(len(reports))
    centres = {one: _mean(unit[[i for i in written if languages[i] == one]]) for one in LANGUAGES}
    hidden = unit.shape[1]
    head = StoryHead(centres, np.eye(hidden, dtype=np.float32))
    placed = head.vectors(pooled, languages)
    pairs, same, weights = (
        torch.cat(both)
        for both in zip(
            _pairs(reports, copies), _told_apart(placed, languages, len(reports)), strict=True
        )
    )
    vectors = torch.from_numpy(placed)
    projection = torch.eye(hidden, requires_grad=True)
    scale, bias = torch.tensor(5.0, requires_grad=True), torch.tensor(-2.0, requires_grad=True)
    optimizer = torch.optim.Adam(
        [{"params": [projection], "lr": _RATE}, {"params": [scale, bias], "lr": 0.05}]
    )
    for _ in range(_EPOCHS):
        moved = torch.nn.functional.normalize(vectors @ projection.T, dim=1)
        logits = scale * (moved[pairs[:, 0]] * moved[pairs[:, 1]]).sum(1) + bias
        lost = torch.nn.functional.binary_cross_entropy_with_logits(logits, same, weights)
        strayed = (projection - torch.eye(hidden)).square().sum() / hidden
        optimizer.zero_grad()
        (lost + _STAY * strayed).backward()
        optimizer.step()
    return StoryHead(centres, projection.detach().numpy())


def save(head: StoryHead, encoder: str, folder: Path) -> None:
    """Write the head of the model in `folder`; `encoder` says whose vectors it was learned from."""
    tensors = {f"centre.{language}": centre for language, centre in head.centres.items()}
    half = {name: np.ascontiguousarray(one, np.float16) for name, one in tensors.items()}
    half["projection"] = np.ascontiguousarray(head.projection, np.float16)
    draft = folder / f"{FILE}.part"
    save_file(half, draft, {"encoder": encoder})
    draft.chmod(0o644)
    draft.replace(folder / FILE)


def load(folder: Path, encoder: str) -> StoryHead | None:
    """The head of the model in `folder`, None where it has none.

    Raises ModelError where it was learned from other vectors or is damaged.
    """
    file = folder / FILE
    if not file.is_file():
        return None
    try:
        with safe_open(file, framework="np") as tensors:
            learned = (tensors.metadata() or {}).get("encoder")
            if learned != encoder:
                raise ModelError(f"{file} belongs to {learned}, not to {encoder}.")
            return StoryHead(
                {one: tensors.get_tensor(f"centre.{one}").astype("f4") for one in LANGUAGES},
                tensors.get_tensor("projection").astype("f4"),
            )
    except (SafetensorError, json.JSONDecodeError) as error:
        raise ModelError(f"{file} is damaged: {error}") from error


def _pairs(
    reports: Sequence[Report], copies: Callable[[int, int], bool]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pairs of reports of one file's language, whether they are of one story, and their weight."""
    pairs = [
        (i, j)
        for i in range(len(reports))
        for j in range(i)
        if reports[i].lang == reports[j].lang and _origin(reports[i]) == _origin(reports[j])
    ]
    same = [reports[i].story == reports[j].story for i, j in pairs]
    weights = [_COPY_WEIGHT if copies(i, j) else 1.0 for i, j in pairs]
    return torch.tensor(pairs), torch.tensor(same).float(), torch.tensor(weights)


def _told_apart(
    vectors: Floats, languages: Sequence[Script], reports: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pairs of a line, which come behind the reports, and what is nearest to it: never one story.

    Reports know other events of their own company; lines, the same thing at another company.
    """
    found: list[tuple[int, int]] = []
    for language in LANGUAGES:
        here = np.array([i for i, one in enumerate(languages) if one == language], dtype=int)
        lines = here >= reports
        cosines = vectors[here] @ vectors[here].T
        cosines[cosines > _ALIKE] = -1
        cosines[np.ix_(~lines, ~lines)] = -1
        for i, row in zip(here, cosines, strict=True):
            nearest = np.argsort(-row)[:_NEAREST]
            found += [(int(i), int(here[j])) for j in nearest if row[j] > -1]
    pairs = torch.tensor(found, dtype=torch.long).reshape(-1, 2)
    return pairs, torch.zeros(len(pairs)), torch.full((len(pairs),), _LINE_WEIGHT)


def _origin(report: Report) -> str:
    """Who wrote it: only then are two stories known to be two."""
    return report.id.partition("-")[0]


def _unit(vectors: Floats) -> Floats:
    norms: Floats = np.linalg.norm(vectors, axis=-1, keepdims=True)
    found: Floats = (vectors / np.maximum(norms, 1e-9)).astype(np.float32)
    return found


def _mean(vectors: Floats) -> Floats:
    found: Floats = vectors.sum(axis=0, dtype=np.float32) / max(1, len(vectors))
    return found
