"""The files a fresh clone is set up and judged with."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from ops.jars import POM
from pipeline.settings import ROOT


def _ci(folder: Path, recipe: str) -> subprocess.CompletedProcess[str]:
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    (folder / "Makefile").write_text(f"test:\n\t@{recipe}\n")
    return subprocess.run([folder / ".ci" / "run"], capture_output=True, text=True, check=False)


def test_ci_prints_the_closing_counts_last(tmp_path: Path) -> None:
    counts = "==== 3 passed, 1 skipped in 0.10s ===="
    done = _ci(tmp_path, f"echo '{counts}'; echo something after")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == counts


@pytest.mark.parametrize("recipe", ["echo '== 1 failed, 2 passed in 1s =='; false", "exit 3"])
def test_ci_fails_when_make_fails(tmp_path: Path, recipe: str) -> None:
    assert _ci(tmp_path, recipe).returncode != 0


def test_the_lock_pins_everything_and_names_no_address() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 100
    wrong = [line for line in lines if not re.fullmatch(r"[a-z0-9._-]+==[0-9a-z.+!-]+", line)]
    assert wrong == []


def test_the_pom_pins_every_version() -> None:
    space = {"m": "http://maven.apache.org/POM/4.0.0"}
    root = ElementTree.parse(POM).getroot()  # noqa: S314 - our own file
    for kind in ("dependency", "plugin"):
        versions = [
            found.findtext("m:version", "", space) for found in root.iter(f"{{{space['m']}}}{kind}")
        ]
        assert versions
        assert all(re.fullmatch(r"\d+(\.\d+)+", version) for version in versions)
