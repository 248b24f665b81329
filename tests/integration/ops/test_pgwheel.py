"""PostgreSQL starts although its user cannot enter the environment it is installed in."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from ops import pgwheel
from ops.part import PartError
from ops.postgres import Postgres
from ops.probe import free_port
from ops.supervise import Supervisor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else"),
]


@pytest.fixture
def closed() -> Iterator[Path]:
    """The installed package and its libraries, in a folder that only root may enter."""
    package = pgwheel._package()
    with tempfile.TemporaryDirectory(prefix="tocsin-test-") as folder:
        for name in (package.name, f"{package.name}.libs"):
            shutil.copytree(package.with_name(name), Path(folder, name), symlinks=True)
        assert Path(folder).stat().st_mode & 0o077 == 0
        yield Path(folder, package.name)


def test_it_starts_from_a_copy_where_only_root_may_enter_the_environment(
    closed: Path, open_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pgwheel, "_package", lambda: closed)
    binaries = pgwheel.programs(open_home / "cache")
    assert binaries.is_relative_to(open_home / "cache")
    with Supervisor(open_home) as supervisor:
        server = Postgres(open_home, free_port(), binaries)
        supervisor.add(server)
        supervisor.start()
        link = psycopg2.connect(server.url("tocsin"))
        link.close()
    assert pgwheel.programs(open_home / "cache") == binaries


def test_a_cache_its_user_cannot_enter_either_is_said_in_a_sentence(
    closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pgwheel, "_package", lambda: closed)
    with pytest.raises(PartError, match="set TOCSIN_CACHE to a folder every user may"):
        pgwheel.programs(closed.parent / "cache")
