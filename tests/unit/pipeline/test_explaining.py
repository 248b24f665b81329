"""`tocsin explain` needs a text and a model, and says in one sentence what it lacks."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from models.labels import HEADS, SENTIMENTS, TOPICS
from models.mentions import Spans
from models.runtime.protocol import Prediction
from pipeline.cli import explain as command
from pipeline.cli.errors import CommandError
from tests.unit.pipeline.making import FakeRuntime, prediction

TEXT = "Bank misses coupon\nA lender said so. Shares gained."
ESCAPE = "Bank misses\x1b[2J\u202e coupon \x9b31m"


class FakeExplainer:
    """Says that "misses" and "coupon" carry the label, and that "Bank" speaks against it.

    Of entities it reads only the first.
    """

    def __init__(self, sentiment: str = "negative") -> None:
        self._sentiment = sentiment

    def explain(self, text: str, heads: Sequence[str], entities: Sequence[Spans] = ()) -> list[Any]:
        """An explanation a head, then one an entity, shaped as models.explain gives it."""
        falls = {"misses": 0.424, "Bank": -0.1, "coupon": 0.0}
        words = [
            SimpleNamespace(start=at, end=at + len(word), fall=fall)
            for word, fall in falls.items()
            if (at := text.find(word)) >= 0
        ]
        words.sort(key=lambda word: word.start)
        carriers = [i for i, word in enumerate(words) if word.fall >= 0]
        labels = {"topic": "credit_debt", "sentiment": self._sentiment, "entity": "positive"}
        return [
            SimpleNamespace(
                head=head,
                label=labels[head],
                probability=0.9496,
                words=tuple(words),
                carriers=tuple(carriers),
                together=0.9,
                read=number <= len(heads),
            )
            for number, head in enumerate([*heads, *["entity"] * len(entities)])
        ]


class ExplainedRuntime(FakeRuntime):
    """A runtime that can be explained."""

    def explainer(self) -> FakeExplainer:
        return FakeExplainer()


def by_word(text: str) -> Prediction:
    return prediction("negative", 0.97 if "misses" in text else 0.7)


@pytest.fixture(autouse=True)
def _runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_runtime", lambda _: ExplainedRuntime(by_word))


def _run(*arguments: object) -> Result:
    app = typer.Typer()
    command.register(app)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def _refused(*arguments: object) -> str:
    result = _run(*arguments)
    assert isinstance(result.exception, CommandError)
    return str(result.exception)


def test_says_label_confidence_sentence_and_words_with_signed_figures() -> None:
    assert _run(TEXT).stdout.splitlines() == [
        "topic      credit_debt   likely 0.94",
        "  carried by misses +0.42, coupon 0.00   together +0.90",
        "  against    Bank −0.10",
        "sentiment  negative   likely 0.94",
        "  sentence   Bank misses coupon   almost certain 0.97",
        "  carried by misses +0.42, coupon 0.00   together +0.90",
        "  against    Bank −0.10",
        "fake-00000000, en. Machine-scored, not verified.",
    ]


def test_one_head_may_be_asked_for() -> None:
    said = _run(TEXT, "--head", "topic").stdout
    assert "credit_debt" in said
    assert "sentiment" not in said


def test_entities_follow_in_the_order_they_were_asked_about() -> None:
    said = _run(TEXT, "--entity", "coupon", "--entity", "Bank").stdout.splitlines()
    assert said[7:-1] == [
        "entity     coupon: positive   likely 0.94",
        "  carried by misses +0.42, coupon 0.00   together +0.90",
        "  against    Bank −0.10",
        "entity     Bank: positive   likely 0.94",
        "  not read   the name is in no part that was read: this is of the whole text",
        "  carried by misses +0.42, coupon 0.00   together +0.90",
        "  against    Bank −0.10",
    ]


def test_entities_may_be_asked_about_alone() -> None:
    said = json.loads(_run(TEXT, "--head", "entity", "--entity", "Bank", "--json").stdout)
    assert [(one["head"], one["entity"], one["read"]) for one in said["heads"]] == [
        ("entity", "Bank", True)
    ]


def test_json_has_offsets_into_the_text_as_given() -> None:
    text = f"\n  {TEXT}\n"
    (line,) = _run(text, "--json").stdout.splitlines()
    said = json.loads(line)
    assert (said["lang"], [one["head"] for one in said["heads"]]) == ("en", ["topic", "sentiment"])
    topic, sentiment = said["heads"]
    assert topic["sentence"] is None
    for part in (*sentiment["words"], sentiment["sentence"]):
        assert text[part["start"] : part["end"]] == part["text"]
    named = [sentiment["words"][number]["text"] for number in sentiment["carriers"]]
    assert named == ["misses", "coupon"]
    assert sentiment["confidence"] == "likely"


def test_a_file_is_read_instead(tmp_path: Path) -> None:
    path = tmp_path / "article.txt"
    path.write_text("\ufeff某银行 misses\n债券违约。", encoding="utf-8")
    said = json.loads(_run("--file", path, "--json").stdout)
    assert said["heads"][0]["words"][0] == {"text": "misses", "start": 4, "end": 10, "fall": 0.424}


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_text_does_not_command_the_terminal(form: list[str]) -> None:
    said = _run(ESCAPE, *form).stdout
    assert not {"\x1b", "\u202e", "\x9b"} & set(said)
    assert "misses" in said


def test_on_a_terminal_the_words_are_marked_where_they_stand() -> None:
    explained = command._told(
        ExplainedRuntime(by_word), ESCAPE, FakeExplainer().explain(ESCAPE, ["sentiment"])[0], None
    )
    shown = io.StringIO()
    carrying = [explained.words[number] for number in explained.carriers]
    console = Console(file=shown, force_terminal=True, color_system="truecolor", width=200)
    console.print(command._highlighted(ESCAPE, explained, carrying))
    said = shown.getvalue()
    assert "\x1b[4;30;48;2;244;205;162mmisses\x1b[0m·[2J· " in said
    assert said.endswith(" …\n")


def test_a_neutral_text_has_no_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExplainedRuntime, "explainer", lambda _: FakeExplainer("neutral"))
    assert "sentence" not in _run(TEXT, "--head", "sentiment").stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Give one text"),
        ([TEXT, "--file", "x.txt"], "Give one text"),
        ([" \n"], "no text"),
        ([TEXT, "--head", "mood"], "choose topic, sentiment, entity"),
        ([TEXT, "--head", "entity"], "go together"),
        ([TEXT, "--head", "topic", "--entity", "Bank"], "go together"),
        ([TEXT, "--entity", "Acme"], "does not name 'Acme'"),
        ([TEXT, "--entity", " "], "does not name ' '"),
        (["Die Bank meldet einen überraschend hohen Verlust im dritten Quartal"], "'de'"),
        (["12.5 %"], "a language that cannot be told"),
        (["--file", "none.txt"], "none.txt cannot be read: No such file"),
    ],
)
def test_what_cannot_be_explained_is_said_in_a_sentence(
    arguments: list[str], sentence: str
) -> None:
    assert sentence in _refused(*arguments)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "article.txt"
    path.write_bytes("银行违约".encode("gb18030"))
    assert "is not UTF-8" in _refused("--file", path)


class TestWithoutAModel:
    @pytest.fixture(autouse=True)
    def _runtime(self) -> None:
        """The command's own."""

    def test_the_stub_cannot_be_explained(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TOCSIN_DEVICE", "stub")
        assert "TOCSIN_DEVICE is stub" in _refused(TEXT)

    @pytest.mark.slow
    def test_a_folder_without_a_model_is_refused(self, tmp_path: Path) -> None:
        assert "is no trained model" in _refused(TEXT, "--model", tmp_path)

    @pytest.mark.slow
    @pytest.mark.parametrize("text", [TEXT, "银行债券违约，ABC上调目标价。"])
    def test_explains_with_a_trained_model_alone(self, tmp_path: Path, text: str) -> None:
        from tests.fixtures.tiny_model import write_base, write_model

        manifest = write_model(tmp_path / "model", write_base(tmp_path / "base"))
        said = json.loads(_run(text, "--model", tmp_path / "model", "--json").stdout)
        assert said["model_version"] == manifest.model_id
        for one in said["heads"]:
            assert one["label"] in (*TOPICS, *SENTIMENTS)
            assert one["carriers"]

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["Bank", "Shares"])
    def test_explains_how_an_entity_fares(self, tmp_path: Path, name: str) -> None:
        from tests.fixtures.tiny_model import write_base, write_model

        write_model(tmp_path / "model", write_base(tmp_path / "base"))
        said = json.loads(
            _run(TEXT, "--entity", name, "--model", tmp_path / "model", "--json").stdout
        )
        (*_, one) = said["heads"]
        assert (one["head"], one["entity"], one["read"]) == ("entity", name, True)
        assert name not in [word["text"] for word in one["words"]]

    @pytest.mark.slow
    def test_a_model_without_an_entity_head_is_said_to_have_none(self, tmp_path: Path) -> None:
        from tests.fixtures.tiny_model import write_base, write_model

        write_model(tmp_path / "model", write_base(tmp_path / "base"), HEADS)
        refused = _refused(TEXT, "--entity", "Bank", "--model", tmp_path / "model")
        assert "no entity head" in refused
