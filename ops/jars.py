"""Kafka's jars: fetched once through Maven, with strict checksums, and kept by the POM's digest."""

import argparse
import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from ops.part import PartError
from pipeline.settings import child_environment, load

POM: Final = Path(__file__).parent / "kafka" / "pom.xml"
FETCH_TIMEOUT: Final = 300


def folder(cache: Path) -> Path:
    """Where the jars of today's POM lie, there or not."""
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:16]
    return cache / "kafka" / digest / "libs"


def present(cache: Path) -> bool:
    """Whether the jars are there; the folder appears only when it is complete."""
    return folder(cache).is_dir()


def fetch(cache: Path) -> Path:
    """The folder with the jars, fetched if it is not there. Raises PartError with what to do."""
    target = folder(cache)
    if target.is_dir():
        return target
    if shutil.which("mvn") is None:
        raise PartError("Maven is missing: install it (Debian: apt-get install maven).")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        _run_maven(Path(scratch) / "libs")
        (Path(scratch) / "libs").rename(target)
    return target


def _run_maven(target: Path) -> None:
    command = ["mvn", "--batch-mode", "--quiet", "--strict-checksums", "--file", str(POM)]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={target}"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=FETCH_TIMEOUT,
            env=child_environment({}),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PartError(_unreachable(f"no answer in {FETCH_TIMEOUT} s")) from error
    if done.returncode != 0 or not any(target.glob("kafka_*.jar")):
        errors = [line for line in done.stdout.splitlines() if "ERROR" in line]
        raise PartError(_unreachable(errors[0][:300] if errors else "it fetched nothing"))


def _unreachable(reason: str) -> str:
    return (
        f"Maven could not fetch Kafka's jars ({reason}): make a Maven repository reachable, "
        "or set TOCSIN_KAFKA_BOOTSTRAP to a Kafka that already runs."
    )


def main() -> None:
    """Fetch the jars, or with --there only say by the exit status whether they are there."""
    parser = argparse.ArgumentParser(description="Fetch Kafka's jars into TOCSIN_CACHE.")
    parser.add_argument("--there", action="store_true", help="only look, exit status 1 if not")
    cache = load().cache
    if parser.parse_args().there:
        raise SystemExit(0 if present(cache) else 1)
    try:
        fetch(cache)
    except (PartError, OSError) as error:
        raise SystemExit(f"setup: {error}") from error


if __name__ == "__main__":
    main()
