"""`tocsin crawl` as an operator meets it: what it prints and how it exits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.settings import ROOT
from tests.integration.crawlers.world import World

pytestmark = pytest.mark.slow


def tocsin(world: World, *arguments: str, kafka: str = "127.0.0.1:9") -> tuple[int, str, str]:
    """Exit status, stdout and stderr of one `tocsin crawl`."""
    environment = {
        **os.environ,
        "TOCSIN_HOME": str(world.folder / "home"),
        "TOCSIN_SOURCES": str(world.folder / "sources"),
        "TOCSIN_CRAWL_ALLOW_ORIGINS": " ".join(world.allow),
        "TOCSIN_KAFKA_BOOTSTRAP": kafka,
        "COLUMNS": "200",
    }
    done = subprocess.run(
        [sys.executable, "-c", "from pipeline.cli.main import main; main()", "crawl", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def source(world: World, name: str) -> Path:
    return world.folder / "sources" / f"{name}.yml"


def test_a_source_can_be_tried_out_without_kafka(world: World) -> None:
    status, shown, _ = tocsin(world, "--check", str(source(world, "jinqiao-wang")))
    assert status == 0
    assert "the file is valid" in shown
    assert world.newswire.origins["jinqiao-wang"] in shown
    assert not (world.folder / "home").exists()


def test_a_source_that_yields_nothing_fails_its_trial(world: World) -> None:
    path = source(world, "harbour-ledger")
    path.write_text(path.read_text("utf-8").replace("all.rss", "none.rss"), "utf-8")
    status, shown, _ = tocsin(world, "--check", str(path))
    assert status == 1
    assert "HTTP 404" in shown


def test_a_wrong_source_file_is_one_sentence(world: World) -> None:
    path = source(world, "harbour-ledger")
    path.write_text(path.read_text("utf-8").replace("tier: wire", "tier: tabloid"), "utf-8")
    for arguments in (["--check", str(path)], ["--now"]):
        status, _, said = tocsin(world, *arguments)
        assert status == 1
        assert said.startswith("tocsin: ")
        assert "`publisher.tier`" in said
        assert "Traceback" not in said


def test_an_unknown_source_and_an_absent_kafka_are_one_sentence_each(world: World) -> None:
    status, _, said = tocsin(world, "--source", "nobody")
    assert (status, said.count("\n")) == (1, 1)
    assert "harbour-ledger" in said
    status, _, said = tocsin(world, "--source", "harbour-ledger")
    assert (status, said.count("\n")) == (1, 1)
    assert "No Kafka answers at 127.0.0.1:9" in said


def test_the_table_says_what_came_and_the_status_whether_all_failed(
    world: World, kafka: str
) -> None:
    path = source(world, "harbour-ledger")
    path.write_text(path.read_text("utf-8").replace("all.rss", "none.rss"), "utf-8")
    both = ["--source", "harbour-ledger", "--source", "nanfang-caixun"]
    status, shown, said = tocsin(world, *both, kafka=kafka)
    assert status == 0, said
    rows = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if line.strip()}
    assert rows["nanfang-caixun"][:4] == ["66", "0", "65", "0"]
    assert "404" in " ".join(rows["harbour-ledger"])
    status, _, _ = tocsin(world, "--source", "harbour-ledger", kafka=kafka)
    assert status == 1
    # Every other source is due still; these two were just visited.
    status, shown, _ = tocsin(world, kafka=kafka)
    assert status == 0
    assert "nanfang-caixun" not in shown
    assert "meridian-markets" in shown
