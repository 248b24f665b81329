"""The classifier from the terminal: whole results or one sentence that says why not."""

import re
from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner, Result

from models.labels import SENTIMENTS, TOPICS
from pipeline.cli import evaluate, score, train
from pipeline.cli.errors import CommandError


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    lines = [
        {"id": 1, "text": "Harbour Bank misses coupon, creditors fear default"},
        {"id": "b", "text": "央行宣布降准", "lang": "zh"},
        {"id": "c", "text": ""},
    ]
    path = tmp_path / "texts.jsonl"
    path.write_bytes(b"\n".join(msgspec.json.encode(line) for line in lines * 100))
    return path


@pytest.fixture(autouse=True)
def _stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOCSIN_DEVICE", "stub")
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "home"))


def _run(*arguments: object) -> Result:
    app = typer.Typer()
    evaluate.register(app)
    score.register(app)
    train.register(app)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_score_gives_every_line_its_answer_in_order(texts: Path, tmp_path: Path) -> None:
    out = tmp_path / "scored.jsonl"
    assert _run("score", texts, "--out", out).exit_code == 0
    lines = [msgspec.json.decode(line) for line in out.read_bytes().splitlines()]
    assert [line["id"] for line in lines] == [1, "b", "c"] * 100
    assert (lines[0]["lang"], lines[0]["topic"], lines[0]["sentiment"]) == (
        "en",
        "credit_debt",
        "negative",
    )
    assert lines[1]["lang"] == "zh"
    assert tuple(lines[1]["topic_probs"]) == TOPICS
    assert tuple(lines[1]["sentiment_probs"]) == SENTIMENTS
    assert lines[2]["model_version"].startswith("tocsin-stub-")


def test_score_answers_for_every_entity_under_the_name_it_was_asked_by(tmp_path: Path) -> None:
    text = "Harbour Bank misses coupon and fears default, while Orrin Copper beats forecasts"
    names = [{"name": "Orrin Copper"}, {"text": "harbour bank"}, {"name": "Nobody"}, {"name": ""}]
    texts = tmp_path / "texts.jsonl"
    texts.write_bytes(msgspec.json.encode({"id": 1, "text": text, "entities": names}))
    out = tmp_path / "scored.jsonl"
    assert _run("score", texts, "--out", out).exit_code == 0
    entities = msgspec.json.decode(out.read_bytes())["entities"]
    assert [entity["name"] for entity in entities] == ["Orrin Copper", "harbour bank", "Nobody", ""]
    assert [entity["sentiment"] for entity in entities[:2]] == ["positive", "negative"]
    assert all(tuple(entity["probs"]) == SENTIMENTS for entity in entities)


def test_score_answers_as_a_set_does_with_the_sentiments_it_knows(
    texts: Path, tmp_path: Path
) -> None:
    out = tmp_path / "scored.jsonl"
    assert _run("score", texts, "--out", out, "--set-labels", "wwwxmu").exit_code == 0
    first = msgspec.json.decode(out.read_bytes().splitlines()[0])
    assert first["sentiment"] == "negative"
    assert set(first["sentiment_probs"]) == {"negative", "positive"}
    assert sum(first["sentiment_probs"].values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "why"), [("tfn_topic", "has no head for the labels"), ("nope", "no labelled set")]
)
def test_score_as_a_set_it_cannot_speak_for_is_a_sentence(
    texts: Path, tmp_path: Path, name: str, why: str
) -> None:
    result = _run("score", texts, "--out", tmp_path / "scored.jsonl", "--set-labels", name)
    assert isinstance(result.exception, CommandError)
    assert why in str(result.exception)
    assert list(tmp_path.glob("scored*")) == []


@pytest.mark.parametrize(
    ("said", "lang", "scored"),
    [
        ({"text": "Die Bank meldet einen überraschend hohen Verlust"}, "de", False),
        ({"text": "Shares fall", "lang": "fr"}, "fr", False),
        ({"text": "$TSLA"}, "und", True),
        ({"text": "Shares fall", "lang": "en-GB"}, "en-GB", True),
        ({"text": "$TSLA", "lang": "en"}, "en", True),
    ],
)
def test_score_leaves_a_language_that_is_not_supported_unscored(
    tmp_path: Path, said: dict[str, str], lang: str, scored: bool
) -> None:
    texts, out = tmp_path / "texts.jsonl", tmp_path / "scored.jsonl"
    first = {"id": 1, "text": "Harbour Bank misses coupon, creditors fear default"}
    second = {"id": 2, **said, "entities": [{"name": "Bank"}]}
    texts.write_bytes(b"\n".join(msgspec.json.encode(line) for line in (second, first)))
    assert _run("score", texts, "--out", out).exit_code == 0
    answer, other = (msgspec.json.decode(line) for line in out.read_bytes().splitlines())
    assert (answer["id"], answer["lang"]) == (2, lang)
    parts = [(answer["topic"], answer["topic_probs"])]
    parts += [(answer["sentiment"], answer["sentiment_probs"])]
    parts += [(entity["sentiment"], entity["probs"]) for entity in answer["entities"]]
    assert [entity["name"] for entity in answer["entities"]] == ["Bank"]
    assert all(
        (label in probs) if scored else (label, probs) == (None, {}) for label, probs in parts
    )
    assert (other["id"], other["topic"]) == (1, "credit_debt")


@pytest.mark.parametrize(
    "wrong",
    [
        b"not json",
        b'{"id": 1}',
        b'{"id": 1, "text": 3}',
        b'{"id": 1, "text": "a", "entities": [{}]}',
        b"",
    ],
)
def test_score_names_the_line_that_is_wrong_and_leaves_no_result(
    texts: Path, tmp_path: Path, wrong: bytes
) -> None:
    texts.write_bytes(b'{"id": 1, "text": "a"}\n' + wrong + b"\n")
    result = _run("score", texts, "--out", tmp_path / "scored.jsonl")
    assert isinstance(result.exception, CommandError)
    assert "texts.jsonl:2: " in str(result.exception)
    assert not (tmp_path / "scored.jsonl").exists()


def test_score_of_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    result = _run("score", tmp_path / "none.jsonl", "--out", tmp_path / "scored.jsonl")
    assert isinstance(result.exception, CommandError)
    assert str(result.exception).endswith("none.jsonl cannot be used: no such file or directory.")


def test_train_never_writes_over_a_folder(tmp_path: Path) -> None:
    result = _run("train", "--out", tmp_path)
    assert isinstance(result.exception, CommandError)
    assert "exists already" in str(result.exception)


def test_train_with_a_recipe_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[recipe]\nepochs = 3\n")
    result = _run("train", "--out", tmp_path / "model", "--config", tmp_path / "own.toml")
    assert isinstance(result.exception, CommandError)


@pytest.mark.slow
def test_evaluate_writes_a_page_with_figures_by_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.fixtures.tiny_model import write_base, write_model

    monkeypatch.setenv("TOCSIN_DEVICE", "cpu")
    manifest = write_model(tmp_path / "model", write_base(tmp_path / "base"))
    rows = [
        {"title": "Bank misses payment", "body": ["Depositors queue."], "sentiment": "negative"},
        {
            "text": "某银行未能兑付",
            "topic": "credit_debt",
            "sentiment": "negative",
            "entities": [{"name": "某银行", "sentiment": "negative"}],
        },
        {"text": "no label at all"},
    ]
    data = tmp_path / "wire.jsonl"
    data.write_bytes(b"\n".join(msgspec.json.encode(row) for row in rows))
    page = tmp_path / "page.md"
    result = _run("evaluate", "--model", tmp_path / "model", "--data", data, "--out", page)
    assert result.exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert manifest.model_id in text
    assert "| sentiment | English | 1 |" in text
    assert "| topic | Chinese | 1 |" in text
    assert "| entity | Chinese | 1 |" in text
    assert "| topic | English" not in text


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    lines = (
        {"id": str(n), "text": f"line{n}", "lang": "en", "topic": "macro", "sentiment": "neutral"}
        for n in range(30)
    )
    (folder / "en.jsonl").write_bytes(b"\n".join(msgspec.json.encode(line) for line in lines))
    return folder


@pytest.mark.slow
def test_train_trains_on_the_corpus_it_is_given_and_notes_the_run(
    tmp_path: Path, corpus: Path
) -> None:
    from tests.fixtures.tiny_model import write_base

    base = write_base(tmp_path / "base")
    out = tmp_path / "model"
    result = _run("train", "--corpus", corpus, "--base", base.folder, "--out", out, "--seed", 1)
    assert result.exit_code == 0, result.exception
    assert "held-out, topic, English: accuracy" in result.output
    assert msgspec.json.decode((out / "manifest.json").read_bytes())["training"]["rows"] == 30
    assert (tmp_path / "home" / "mlflow" / "runs.sqlite").is_file()


@pytest.mark.slow
def test_several_seeds_are_several_models_and_their_spread(tmp_path: Path, corpus: Path) -> None:
    from tests.fixtures.tiny_model import write_base

    base = write_base(tmp_path / "base")
    out = tmp_path / "models"
    result = _run("train", "--corpus", corpus, "--base", base.folder, "--out", out, "--seeds", 2)
    assert result.exit_code == 0, result.exception
    assert sorted(path.name for path in out.iterdir()) == ["seed-0", "seed-1"]
    assert "Mean of 2 seeds (least–most)." in result.output
    assert re.search(r"\| topic \| English \| 6 \| [01]\.\d{3} \([01]\.\d{3}–", result.output)
