"""The demo, once, as a newcomer runs it: every real part, from the pages to the alerts."""

import os
import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from pipeline import settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_the_demo_raises_exactly_the_expected_alerts_and_leaves_no_process(
    open_home: Path,
) -> None:
    program = Path(sys.executable).with_name("tocsin")
    done = subprocess.run(
        [program, "demo", "--once"],
        env=settings.child_environment(
            {"TOCSIN_HOME": str(open_home), "TOCSIN_CACHE": str(settings.load().cache)}
        ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=850,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4_000:]
    said = re.search(
        r"Exactly the expected alerts, the first after (\d+) s.* up to ([\d.]+) GiB",
        " ".join(done.stdout.split()),
    )
    assert said
    assert 1 < float(said[2]) <= 5
    assert re.search(r"kestrel-payments\s+corrected", done.stdout)
    # 360 articles and reprints, the nine pages that were corrected or came later, and the faults.
    assert re.search(r"copies 39\b", done.stdout)
    assert re.search(r"dead letters [1-9]", done.stdout)
    assert not left_behind(open_home)


def left_behind(home: Path) -> list[str]:
    """Command lines of processes that still know the demo's home."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        environ = process.info["environ"] or {}
        if environ.get("TOCSIN_HOME", "").startswith(str(home)) and process.pid != os.getpid():
            found.append(" ".join(process.info["cmdline"] or []))
    return found
