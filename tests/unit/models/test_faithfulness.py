"""What the measure of explanations compares, and that it is balanced."""

import json
from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.labels import LABELS
from models.runtime.torch_runtime import load_torch
from pipeline.settings import ROOT
from tests.fixtures.tiny_model import write_base, write_model

pytestmark = pytest.mark.slow


@pytest.fixture
def faithfulness(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import faithfulness

    return faithfulness


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("faithfulness")
    write_model(folder / "model", write_base(folder / "base"))
    return folder / "model"


def test_a_ratio_is_of_sums_and_unbounded_where_random_words_cost_nothing(
    faithfulness: Any,
) -> None:
    spread = np.array([[6.0, 2.0], [8.0, 2.0], [4.0, 2.0]])
    assert faithfulness._ratio(np.array([6.0, 2.0]), spread) == [3.0, 2.0, 4.0]
    assert faithfulness._ratio(np.array([6.0, 0.0]), spread * [1, 0]) == [None] * 3


def test_heads_languages_and_sources_are_balanced(faithfulness: Any, model: Path) -> None:
    explainer = load_torch("cpu", model, model, "torch-fp32").explainer()
    texts = [
        faithfulness.Text(source, lang, f"{said} {number}", [((0, 2),)] if number % 2 else [])
        for source in ("newswire", "one", "two")
        for lang, said in (("en", "Ora sold tin"), ("zh", "银行债券违约上调"))
        for number in range(20)
    ]
    asked = Namespace(predictions=48, seed=0)
    found = faithfulness._questions(explainer, texts, list(LABELS), asked)
    assert set(Counter((one.head, one.of.lang) for one in found).values()) == {8}
    assert Counter(one.of.source for one in found) == {"newswire": 24, "one": 12, "two": 12}
    for one in found:
        assert bool(one.asked) == (one.head == "entity") == bool(one.reading.read.places)


@pytest.mark.parametrize("method", ["deletion", "gradients"])
def test_prints_a_line_of_figures_for_every_head_and_language(
    faithfulness: Any,
    model: Path,
    method: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ["--model", str(model), "--predictions", "6", "--method", method, "--draws", "2"]
    monkeypatch.setattr("sys.argv", ["faithfulness.py", *given])
    faithfulness.main()
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told["predictions"] == 6
    assert list(told["by"]) == [f"{head}, {lang}" for head in LABELS for lang in ("en", "zh")]
    for name in ("ratio", "moved", "masked"):
        assert len(told[name]) == 3
