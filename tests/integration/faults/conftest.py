"""How long the faults last, and a table of what came of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.faults.ledger import Ledger


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--chaos", action="store_true", help="twenty kills at each point, ten minutes of churn"
    )
    parser.addoption("--table", type=Path, help="write what came of the faults to this file")


@dataclass(frozen=True)
class Churn:
    """How long consumers come and go, and how often, in seconds."""

    lasts: float
    every: float


@pytest.fixture
def churn(request: pytest.FixtureRequest) -> Churn:
    """Short in the suite, as long as the bar asks with --chaos."""
    return Churn(600, 10) if _chaos(request.config) else Churn(20, 2.5)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name, many in (("seed", 3), ("kill_seed", 20)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, range(many if _chaos(metafunc.config) else 1))


def _chaos(config: pytest.Config) -> bool:
    return bool(config.getoption("--chaos", default=False))


@pytest.fixture(scope="session")
def ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """What every fault did; printed, and written where --table says."""
    kept = Ledger()
    yield kept
    path: Path | None = request.config.getoption("--table", default=None)
    if path:
        path.write_text(kept.page(), encoding="utf-8")
