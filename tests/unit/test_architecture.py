"""The layers hold, and no module hides more than one can read."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.settings import ROOT

PACKAGES = ("console", "crawlers", "dags", "demo", "models", "ops", "pipeline", "sql")
MODULES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_layers_of_the_project_file_hold() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2_000:]


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_only_one_module_reads_the_environment(path: Path) -> None:
    if relative(path) == "pipeline/settings.py":
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    asked = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not asked & {"os.environ", "os.getenv"}


def test_packages_begin_empty() -> None:
    begins = [path for path in MODULES if path.name == "__init__.py"]
    assert [relative(path) for path in begins if path.stat().st_size] == ["sql/__init__.py"]


def test_no_statement_of_the_store_is_built_from_strings() -> None:
    # A role's name is no parameter of SET ROLE; it is one of four literals.
    for path in set((ROOT / "pipeline/store").glob("*.py")) - {
        ROOT / "pipeline/store/connection.py"
    }:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "execute":
                assert not isinstance(node.args[0], ast.JoinedStr | ast.BinOp), relative(path)
