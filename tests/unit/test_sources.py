from pathlib import Path

import pytest

from pipeline.messages import Publisher, Rights
from pipeline.settings import ROOT
from pipeline.sources import SourceError, load_source, load_sources

GOOD = """\
publisher: {id: harbour-ledger, name: Harbour Ledger, owner: Ledger Press, tier: wire}
kind: feed
urls: [https://news.example.com/rss.xml]
language: en
expected_per_day: 12
"""


def write(folder: Path, text: str, name: str = "harbour.yml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_short_file_is_enough_and_the_rest_has_defaults(tmp_path: Path) -> None:
    source = load_source(write(tmp_path, GOOD))
    assert source.source_id == "harbour"
    assert source.publisher == Publisher("harbour-ledger", "Harbour Ledger", "Ledger Press", "wire")
    assert (source.zone, source.schedule, source.rights) == ("UTC", 15, Rights("link"))


@pytest.mark.parametrize(
    ("text", "rights"),
    [
        ("link", Rights("link")),
        ("snippet 300", Rights("snippet", characters=300)),
        ("full for 30 days", Rights("full", days=30)),
        ("licensed", Rights("licensed")),
    ],
)
def test_rights_are_written_as_words(tmp_path: Path, text: str, rights: Rights) -> None:
    assert load_source(write(tmp_path, GOOD + f"rights: {text}\n")).rights == rights


@pytest.mark.parametrize(
    ("old", "new", "field", "hint"),
    [
        ("tier: wire", "tier: tabloid", "publisher.tier", "filing, wire, paper"),
        ("id: harbour-ledger", "id: Harbour Ledger", "publisher.id", "lower-case"),
        ("id: harbour-ledger, ", "", "publisher.id", "lower-case"),
        ("kind: feed", "kind: rss", "kind", "feed, sitemap, listing"),
        ("kind: feed\n", "", "kind", "feed, sitemap, listing"),
        ("https://news.example.com/rss.xml", "ftp://news.example.com", "urls", "http or https"),
        ("language: en", "language: fr", "language", "en or zh"),
        ("expected_per_day: 12", "expected_per_day: many", "expected_per_day", "such as 12"),
        ("language: en", "language: en\nrights: full", "rights", "full for N days"),
        ("language: en", "language: en\nrights: full for 0 days", "rights.days", "full for N days"),
        ("language: en", "language: en\nzone: Mars/Olympus", "zone", "Asia/Shanghai"),
        ("language: en", "language: en\nschedule: 0", "schedule", "from 1 to 10080"),
        ("language: en", "language: en\nschedule: 10081", "schedule", "from 1 to 10080"),
        ("language: en", "language: en\nschedule: 2.5", "schedule", "a whole number"),
        ("language: en", "language: en\nschedule: hourly", "schedule", "minutes between visits"),
        ("language: en", "language: en\nevery: 5", "every", "no such field"),
        ("language: en", "language: en\nrevisit: 0", "revisit", "from 1 to 10080"),
        ("language: en", "language: en\nlinks: {pages: 0}", "links.pages", "1 to 1000"),
        ("language: en", "language: en\nlinks: {pattern: '('}", "links.pattern", "expression"),
        ("language: en", "language: en\nkinds: {/x/: essay}", "kinds", "research"),
        ("language: en", "language: en\ncolour: red", "colour", "take it out"),
        ("language: en", "language: en\nsource_id: other", "source_id", "take it out"),
        ("tier: wire", "tier: wire, phone: 1", "publisher", "id, name, owner, tier"),
    ],
)
def test_a_wrong_file_names_file_field_and_what_to_write(
    tmp_path: Path, old: str, new: str, field: str, hint: str
) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(SourceError) as error:
        load_source(path)
    assert str(path) in str(error.value)
    assert f"`{field}`" in str(error.value)
    assert hint in str(error.value)


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "a: [", "\x00"])
def test_what_is_no_source_at_all_is_said(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SourceError, match=r"harbour\.yml"):
        load_source(path)


def test_a_file_name_that_is_no_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="lower-case"):
        load_source(write(tmp_path, GOOD, "Harbour Ledger.yml"))


def test_no_file_takes_the_name_of_the_source_that_is_built_in(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="built in"):
        load_source(write(tmp_path, GOOD, "canary.yml"))


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        write(folder, GOOD)
    with pytest.raises(SourceError, match="rename one"):
        load_sources([tmp_path / "a", tmp_path / "b"])


def test_the_kind_of_an_article_may_be_told_by_its_address(tmp_path: Path) -> None:
    source = load_source(write(tmp_path, GOOD + "kinds: {/research/: research}\n"))
    assert source.kind_of("https://news.example.com/research/1") == "research"
    assert source.kind_of("https://news.example.com/1") == "news"


def test_every_shipped_source_is_valid_and_keeps_no_full_text() -> None:
    sources = load_sources([ROOT / "crawlers" / "sources"])
    assert len(sources) >= 3
    assert {source.rights.keep for source in sources.values()} <= {"link", "snippet"}
