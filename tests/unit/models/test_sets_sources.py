"""Sets are read from a folder or from the hub's files, and a missing one is one clear sentence."""

import json
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pandas
import pytest

from models.errors import ModelError
from models.sets.finding import public_set, public_sets
from models.sets.sources import folder, folder_or_hub, hub
from models.sets.spec import Record


class Downloads:
    """Stands in for the hub's download: files in a folder, and what was asked of it."""

    def __init__(self, files: Path) -> None:
        self.files = files
        self.asked: list[tuple[str, str, str, str]] = []

    def __call__(self, repo: str, file: str, *, repo_type: str, revision: str) -> str:
        self.asked.append((repo, file, repo_type, revision))
        path = self.files / Path(file).name
        if not path.exists():
            raise httpx.ConnectError("no route")
        return str(path)


def read(name: str, files: Path) -> list[Record]:
    return hub(Downloads(files))(public_set(name))


def _named(record: Record) -> list[tuple[str, str | None, int | None]]:
    return [(entity.text, entity.sentiment, entity.start) for entity in record.entities or ()]


def test_a_folder_has_a_file_of_lines_for_every_set(tmp_path: Path) -> None:
    line = {"id": "t-1", "text": "Osten slides", "lang": "en", "sentiment": "negative", "other": 1}
    (tmp_path / "tfns_clean.jsonl").write_text(json.dumps(line), encoding="utf-8")
    (found,) = folder(tmp_path)(public_set("tfns"))
    assert (found.text, found.sentiment, found.entities) == ("Osten slides", "negative", None)


def test_a_set_that_a_folder_lacks_is_named_with_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"set fpb is not there.*{tmp_path}/fpb_clean.jsonl"):
        folder(tmp_path)(public_set("fpb"))


def test_a_wrong_line_is_named_by_file_and_number(tmp_path: Path) -> None:
    (tmp_path / "fiqa.jsonl").write_text('{"id": "1", "text": "x", "lang": "fr"}', encoding="utf-8")
    with pytest.raises(ModelError, match=r"fiqa.jsonl:1: .*lang"):
        folder(tmp_path)(public_set("fiqa"))


def test_a_set_that_the_hub_has_not_says_the_file_it_is_read_from() -> None:
    with pytest.raises(ModelError, match=r"cfsc_absa is not on .* hub.*cfsc_absa_test.jsonl"):
        hub()(public_set("cfsc_absa"))


def test_a_set_that_cannot_be_downloaded_is_named_with_where_it_was_looked_for(
    tmp_path: Path,
) -> None:
    said = r"tfns is not there: looked for zeroshot/twitter-financial-news-sentiment .*sent_train"
    with pytest.raises(ModelError, match=said):
        read("tfns", tmp_path)


def test_what_a_folder_lacks_is_looked_for_on_the_hub(tmp_path: Path) -> None:
    line = {"id": "t-1", "text": "Osten slides", "lang": "en", "sentiment": "negative"}
    (tmp_path / "tfns_clean.jsonl").write_text(json.dumps(line), encoding="utf-8")
    downloads = Downloads(tmp_path)
    both = folder_or_hub(tmp_path, downloads)
    assert len(both(public_set("tfns"))) == 1
    assert not downloads.asked
    with pytest.raises(ModelError, match="finentity is not there: looked for yixuantt/FinEntity"):
        both(public_set("finentity"))
    with pytest.raises(ModelError, match=r"sentfin is not there: looked for .*sentfin_clean"):
        both(public_set("sentfin"))


def test_only_named_files_at_a_revision_are_asked_for(tmp_path: Path) -> None:
    downloads = Downloads(tmp_path)
    for public in public_sets().values():
        if public.hub:
            with pytest.raises(ModelError):
                hub(downloads)(public)
    assert [kind for _, _, kind, _ in downloads.asked] == ["dataset"] * 5
    assert all(repo.count("/") == 1 and revision for repo, _, _, revision in downloads.asked)


def test_a_file_of_another_form_is_named(tmp_path: Path) -> None:
    (tmp_path / "sent_train.csv").write_text("tweet,label\nOsten slides,0\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"tfns is not as expected in .*has no column text"):
        read("tfns", tmp_path)
    (tmp_path / "FinancialPhraseBank-v1.0.zip").write_bytes(b"no archive")
    with pytest.raises(ModelError, match="fpb is not as expected"):
        read("fpb", tmp_path)


@pytest.mark.parametrize(
    ("name", "stem", "field", "first"),
    [("tfns", "sent", "sentiment", "negative"), ("tfn_topic", "topic", "topic", "Analyst Update")],
)
def test_tweets_are_read_from_their_two_tables(
    tmp_path: Path, name: str, stem: str, field: str, first: str
) -> None:
    for part, label in (("train", 0), ("valid", 2)):
        table = pandas.DataFrame({"text": [f"Osten slides, {part}"], "label": [label]})
        table.to_csv(tmp_path / f"{stem}_{part}.csv", index=False)
    found = read(name, tmp_path)
    assert [(r.text, r.split) for r in found] == [
        ("Osten slides, train", "train"),
        ("Osten slides, valid", "test"),
    ]
    assert getattr(found[0], field) == first


def test_entities_are_read_from_their_annotations(tmp_path: Path) -> None:
    def note(value: str, start: int, tag: str) -> dict[str, Any]:
        return {"value": value, "start": start, "end": start + len(value), "tag": tag}

    items = [
        {"content": "Osten fell", "annotations": [note("Osten", 0, "Negative")]},
        {"content": "A, B", "annotations": [note("A", 0, "Negative"), note("B", 3, "Neutral")]},
    ]
    (tmp_path / "FinEntity.json").write_text(json.dumps(items), encoding="utf-8")
    one, two = read("finentity", tmp_path)
    assert (one.sentiment, _named(one)) == ("negative", [("Osten", "negative", 0)])
    assert (two.sentiment, two.split) == (None, None)


def test_sentences_are_read_from_their_archive_and_letters_mended(tmp_path: Path) -> None:
    lines = "Sepp+\xf1l+\xf1 hires @ home .@positive\r\nOsten opens a shop .@neutral\r\n"
    with zipfile.ZipFile(tmp_path / "FinancialPhraseBank-v1.0.zip", "w") as archive:
        name = "FinancialPhraseBank-v1.0/Sentences_50Agree.txt"
        archive.writestr(name, lines.encode("latin-1"))
    found = read("fpb", tmp_path)
    assert [(r.text, r.sentiment) for r in found] == [
        ("Seppälä hires @ home .", "positive"),
        ("Osten opens a shop .", "neutral"),
    ]


def test_targets_of_one_sentence_are_its_entities(tmp_path: Path) -> None:
    table = pandas.DataFrame(
        {
            "sentence": ["OST slips, LND flat", "OST slips, LND flat", "LND up"],
            "target": ["OST", "LND", "LND"],
            "aspect": ["['Stock/Price Action/Bearish']"] * 2 + ["['Corporate/Sales']"],
            "score": [-0.4, 0.05, 0.1],
        }
    )
    for part in public_set("fiqa").hub.files:  # type: ignore[union-attr]
        table.iloc[:0].to_parquet(tmp_path / Path(part).name)
    table.to_parquet(tmp_path / "train-00000-of-00001-aeefa1eadf5be10b.parquet")
    one, two = read("fiqa", tmp_path)
    assert _named(one) == [("OST", "negative", None), ("LND", "neutral", None)]
    assert (one.sentiment, one.topic) == (None, "Stock/Price Action")
    assert (two.sentiment, two.topic) == ("positive", "Corporate/Sales")
