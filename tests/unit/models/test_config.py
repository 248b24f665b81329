"""models.toml as the trainer takes it."""

from pathlib import Path

import msgspec
import pytest

from models import config
from models.config import load_config


def test_our_own_lines_alone_are_learned_by_the_recipe_as_it_stands() -> None:
    found = load_config()
    assert found.recipe_of(None) == found.recipe


def test_a_mixture_changes_what_it_names_and_nothing_else() -> None:
    found = load_config()
    mixed, plain = (msgspec.structs.asdict(found.recipe_of(name)) for name in ("open", None))
    assert {name for name in mixed if mixed[name] != plain[name]} == set(found.mixture)
    assert {name: mixed[name] for name in found.mixture} == found.mixture


@pytest.mark.parametrize("line", ["mixing = 1.5", "probe_epochs = -1", "speed = 2"])
def test_a_mixture_that_cannot_be_is_refused_at_once(tmp_path: Path, line: str) -> None:
    text = Path(config.__file__).with_name("models.toml").read_text("utf-8")
    file = tmp_path / "models.toml"
    name = line.split(" ", 1)[0]
    begin, end = text.split("[mixture]\n")
    kept = "\n".join(x for x in end.splitlines() if not x.startswith(f"{name} "))
    file.write_text(f"{begin}[mixture]\n{line}\n{kept}\n", encoding="utf-8")
    with pytest.raises(msgspec.ValidationError, match=name):
        load_config(file)
