"""Purges Airflow's own tables and task logs, which it keeps for good otherwise."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pipeline.settings import child_environment

# Runs, their tasks and their logs: two weeks of some 3,600 runs a day.
KEPT: Final = timedelta(days=14)


class PurgeError(RuntimeError):
    """Airflow did not clean its tables; the text is the end of what it said."""


def clean_tables(metadata_url: str, before: datetime) -> None:
    """Delete from every table of Airflow what is older, but each DAG's latest run.

    `metadata_url` is its database's, for SQLAlchemy. Raises PurgeError.
    """
    options = ("--skip-archive", "--yes", "--error-on-cleanup-failure")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "airflow", "db", "clean", *options),
            *("--clean-before-timestamp", before.isoformat()),
        ],
        # A task is kept from its Airflow's database by another address in its environment.
        env=child_environment({"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata_url}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PurgeError(done.stdout[-2_000:])


def delete_logs(folder: Path, before: datetime) -> int:
    """Delete files that were last written earlier, and folders left empty; how many files."""
    deleted = 0
    for path, _, names in os.walk(folder, topdown=False):
        inside = Path(path)
        for name in names:
            file = inside / name
            if file.lstat().st_mtime < before.timestamp():
                file.unlink(missing_ok=True)
                deleted += 1
        # A task may be about to write into a folder that it made just now.
        old = inside.stat().st_mtime < before.timestamp()
        if inside != folder and old and not any(inside.iterdir()):
            inside.rmdir()
    return deleted
