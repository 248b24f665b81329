"""mixtures.toml as typed values: which sets are trained on, with what weight, and measured on."""

from pathlib import Path
from typing import Final

import msgspec

from models.errors import ModelError
from models.sets.finding import public_set

_FILE: Final = Path(__file__).with_name("mixtures.toml")


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of a set is trained on."""

    # Of its rows in the loss, relative to 1.
    weight: float
    # Training and development rows at most; None: all.
    cap: int | None = None


class Mixture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model is trained and measured on."""

    # Whether only sets under an open licence may be trained on.
    only_open: bool
    # Weight of our own lines.
    corpus: float
    # Trained on, and measured on where they are held out.
    sets: dict[str, Share]
    # Measured on only: the held-out part of a divided set, every row of another.
    measured: tuple[str, ...]


class Mixtures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of mixtures.toml."""

    # Word Jaccard from which two texts are near-duplicates.
    near: float
    # Share of 1 of every class of a training set that is kept for development.
    dev_share: float
    mixtures: dict[str, Mixture]

    def named(self, name: str) -> Mixture:
        """The mixture of that name.

        Raises ModelError where there is none, or where it trains on what it may not.
        """
        if name not in self.mixtures:
            known = ", ".join(self.mixtures)
            raise ModelError(f"There is no mixture {name!r}; there are {known}.")
        mixture = self.mixtures[name]
        for member in mixture.sets:
            public = public_set(member)
            if mixture.only_open and not public.open:
                raise ModelError(
                    f"The mixture {name} may not train on {member}: its licence is "
                    f"{public.licence!r}."
                )
        return mixture


def load_mixtures(path: Path = _FILE) -> Mixtures:
    """Read mixtures.toml. Raises msgspec.ValidationError where a key is missing or wrong."""
    return msgspec.toml.decode(path.read_bytes(), type=Mixtures)
