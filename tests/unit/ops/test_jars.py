"""Kafka's jars, with a Maven that only pretends."""

from pathlib import Path

import pytest

from ops import jars
from ops.part import PartError


def _maven(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    program = folder / "mvn"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


GOOD = """for word; do case $word in -DoutputDirectory=*) out=${word#*=};; esac; done
mkdir "$out" && echo "$@" > "$out/kafka_2.13-0.jar" """


def test_they_are_fetched_once_with_strict_checksums(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _maven(tmp_path / "bin", GOOD, monkeypatch)
    libs = jars.fetch(tmp_path)
    assert "--strict-checksums" in (libs / "kafka_2.13-0.jar").read_text()
    (tmp_path / "bin" / "mvn").write_text("#!/bin/sh\nexit 1\n")
    assert jars.fetch(tmp_path) == libs


def test_another_pom_means_other_jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = jars.folder(tmp_path)
    pom = tmp_path / "pom.xml"
    pom.write_text("<project/>")
    monkeypatch.setattr(jars, "POM", pom)
    assert jars.folder(tmp_path) != before


@pytest.mark.parametrize("script", ["echo '[ERROR] Could not transfer artifact'; exit 1", "exit 0"])
def test_without_reach_it_says_so_and_keeps_no_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    _maven(tmp_path / "bin", script, monkeypatch)
    with pytest.raises(PartError, match="make a Maven repository reachable"):
        jars.fetch(tmp_path)
    assert not jars.present(tmp_path)
    assert list((tmp_path / "kafka").rglob("*.jar")) == []
