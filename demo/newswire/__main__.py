"""`python -m demo.newswire --home DIR`: serve the sample newswire until interrupted."""

import argparse
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from demo.newswire.publishers import FIRST_PORT, consecutive
from demo.newswire.site import Newswire


def time_zero(home: Path) -> datetime:
    """The newswire's time zero: now at the first start in `home`, the same ever after.

    Raises ValueError where the file that holds it was damaged.
    """
    path = home / "zero"
    try:
        zero = datetime.fromisoformat(path.read_text("ascii").strip())
    except FileNotFoundError:
        zero = datetime.now(UTC).replace(microsecond=0)
        home.mkdir(parents=True, exist_ok=True)
        fresh = home / "zero.new"
        fresh.write_text(zero.isoformat(), encoding="ascii")
        fresh.replace(path)
    if zero.tzinfo is None:
        raise ValueError(f"{path} holds a time without a zone; delete it to start anew.")
    return zero


def main() -> int:
    """Serve until SIGINT or SIGTERM; 1 and a sentence where it cannot."""
    parser = argparse.ArgumentParser(prog="python -m demo.newswire", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="where time zero is kept")
    parser.add_argument(
        "--ports", type=int, default=FIRST_PORT, help="the first of five ports (default 8101)"
    )
    arguments = parser.parse_args()
    try:
        newswire = Newswire(
            time_zero(arguments.home), lambda: datetime.now(UTC), consecutive(arguments.ports)
        )
    except (OSError, ValueError) as error:
        print(f"The newswire cannot start: {error}", file=sys.stderr)
        return 1
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    newswire.start()
    print(f"newswire: {' '.join(newswire.origins.values())}", flush=True)
    done.wait()
    newswire.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
