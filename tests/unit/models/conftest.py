"""Keeps the inner loop short: torch is not even imported where no test that needs it runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

# Every test in these is slow, and importing what they need takes ten seconds.
_NEED_TORCH = {
    "test_artefact.py",
    "test_base.py",
    "test_batching.py",
    "test_explain.py",
    "test_faithfulness.py",
    "test_lessons.py",
    "test_memory.py",
    "test_mixing.py",
    "test_resume.py",
    "test_shipped.py",
    "test_tracking.py",
    "test_train.py",
}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave files of slow tests alone where slow tests are deselected."""
    if config.getoption("markexpr") == "not slow" and collection_path.name in _NEED_TORCH:
        return True
    return None


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """A model of a few weights only loses by two threads, all the more where others compute too."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
