"""One crawl in a process of its own: `python -m tests.integration.crawlers.child PLAN.json`.

Twisted's reactor runs once a process, and a crawl that is killed has to be another's.
"""

import base64
import json
import os
import signal
import sys
import threading
import time
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from crawlers.run import crawl
from pipeline import settings
from pipeline.bus import BusError, Coordinates


class FileSender:
    """Acknowledges from another thread, as Kafka's client does, after the message is on disk."""

    def __init__(self, out: Path, kill_after: int | None, refuse: bool, ack_s: float) -> None:
        self._out, self._kill_after, self._refuse = out, kill_after, refuse
        self._ack_s = ack_s
        self._count = 0
        self._writing = threading.Lock()

    def send(self, topic: str, key: str, payload: bytes) -> Future[Coordinates]:
        result: Future[Coordinates] = Future()
        self._count += 1
        if self._refuse:
            result.set_exception(BusError(f"{topic}: nobody there"))
        elif self._kill_after is not None and self._count > self._kill_after:
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            threading.Thread(target=self._keep, args=(topic, key, payload, result)).start()
        return result

    def _keep(self, topic: str, key: str, payload: bytes, result: Future[Coordinates]) -> None:
        line = {"topic": topic, "key": key, "payload": base64.b64encode(payload).decode()}
        with self._writing, self._out.open("a", encoding="ascii") as file:
            file.write(json.dumps(line) + "\n")
        time.sleep(self._ack_s)
        result.set_result(Coordinates(topic, 0, 0))

    def flush(self, timeout_s: float) -> None:
        """Nothing is queued."""


def main(plan: dict[str, Any]) -> None:
    shift = timedelta(seconds=plan["shift_s"])
    own = settings.load(
        {
            "TOCSIN_HOME": plan["home"],
            "TOCSIN_SOURCES": plan["sources"],
            "TOCSIN_CRAWL_ALLOW_ORIGINS": " ".join(plan["allow"]),
            "TOCSIN_KAFKA_BOOTSTRAP": plan["kafka"] or "",
        }
    )
    sender = FileSender(Path(plan["out"]), plan["kill_after"], plan["refuse"], plan["ack_s"])
    if plan["stop_after_s"] is not None:
        told = threading.Timer(plan["stop_after_s"], os.kill, (os.getpid(), signal.SIGTERM))
        told.daemon = True
        told.start()
    runs = crawl(
        plan["source_ids"],
        own,
        sender=None if plan["kafka"] else sender,
        clock=lambda: datetime.now(UTC) + shift,
        limit=timedelta(seconds=plan["limit_s"]),
    )
    sys.stdout.buffer.write(msgspec.json.encode(runs))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text("utf-8")))
