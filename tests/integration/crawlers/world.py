"""The real newswire on free ports, and real crawls of it in processes of their own."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from demo.newswire.pages import Answer
from demo.newswire.publishers import consecutive, write_sources
from demo.newswire.site import Newswire
from pipeline.messages import (
    DEAD_TOPIC,
    RAW_TOPIC,
    RUNS_TOPIC,
    CrawlRun,
    RawArticle,
    RefusedArticle,
    decode,
)
from pipeline.settings import ROOT


@dataclass(frozen=True)
class Yield:
    """What one crawl sent, as far as it was acknowledged."""

    returncode: int
    # What the process wrote to stderr.
    errors: str
    runs: dict[str, CrawlRun]
    # Topic, key and message.
    messages: list[tuple[str, str, Any]]

    @property
    def articles(self) -> list[RawArticle]:
        return [message for topic, _, message in self.messages if topic == RAW_TOPIC]

    @property
    def letters(self) -> list[RefusedArticle]:
        return [message for topic, _, message in self.messages if topic == DEAD_TOPIC]

    @property
    def told(self) -> dict[str, CrawlRun]:
        found = [message for topic, _, message in self.messages if topic == RUNS_TOPIC]
        return {run.source_id: run for run in found}


@dataclass
class World:
    """A newswire whose time stands still, and crawlers with a home."""

    newswire: Newswire
    folder: Path
    # Minutes since time zero, for the newswire and for the crawler's clock.
    minutes: float = 1.0
    # Origins the crawler may fetch although they are private.
    allow: list[str] = field(default_factory=list)
    # What a crawl finds in its environment beside what is always there.
    environment: dict[str, str] = field(default_factory=dict)
    crawls: int = 0
    # Seconds that every answer takes.
    answers_after_s: float = 0.0
    # Paths that the sites cannot serve for now hold this text; None: they serve all.
    down: str | None = None
    # Address of every page and list that was asked for, in order.
    asked: list[str] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.newswire.zero + timedelta(minutes=self.minutes)

    def add_source(self, name: str, url: str) -> None:
        """A feed at this address, otherwise as harbour-ledger."""
        text = (self.folder / "sources" / "harbour-ledger.yml").read_text("utf-8")
        own = self.newswire.origins["harbour-ledger"] + "/feeds/all.rss"
        (self.folder / "sources" / f"{name}.yml").write_text(text.replace(own, url), "utf-8")

    def crawl(self, **plan: Any) -> Yield:
        """One crawl in a process of its own."""
        self.crawls += 1
        out = self.folder / f"out-{self.crawls}"
        file = self.folder / f"plan-{self.crawls}"
        standing = {
            "home": str(self.folder / "home"),
            "sources": str(self.folder / "sources"),
            "allow": self.allow,
            "kafka": None,
            "out": str(out),
            "kill_after": None,
            "refuse": False,
            # Seconds from a message's arrival to its acknowledgement.
            "ack_s": 0.0,
            "limit_s": 300,
            # When it is told to stop; None: not at all.
            "stop_after_s": None,
            "source_ids": None,
            "shift_s": (self.now - datetime.now(UTC)).total_seconds(),
        }
        file.write_text(json.dumps(standing | plan), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "tests.integration.crawlers.child", str(file)],
            cwd=ROOT,
            env=os.environ | self.environment,
            capture_output=True,
            timeout=120,
            check=False,
        )
        lines = out.read_text("ascii").splitlines() if out.exists() else []
        messages = [
            (line["topic"], line["key"], base64.b64decode(line["payload"]))
            for line in map(json.loads, lines)
        ]
        runs = msgspec.json.decode(done.stdout or b"[]", type=list[CrawlRun])
        return Yield(
            done.returncode,
            done.stderr.decode(),
            {run.source_id: run for run in runs},
            [(topic, key, decode(topic, payload)) for topic, key, payload in messages],
        )


@contextmanager
def open_world(folder: Path) -> Iterator[World]:
    """A world in `folder`, its sites answering while the block runs."""
    clock: list[World] = []
    newswire = Newswire(datetime.now(UTC), lambda: clock[0].now, consecutive(0))
    world = World(newswire, folder, allow=list(newswire.origins.values()))
    clock.append(world)
    _listen(world)
    write_sources(folder / "sources", newswire.ports)
    newswire.start()
    try:
        yield world
    finally:
        newswire.stop()


def _listen(world: World) -> None:
    """Have the newswire note in `world` what it is asked for."""
    answer = world.newswire.answer

    def noting(publisher_id: str, path: str) -> Answer:
        time.sleep(world.answers_after_s)
        world.asked.append(world.newswire.origins[publisher_id] + path)
        if world.down is not None and world.down in path:
            return Answer(status=503)
        return answer(publisher_id, path)

    world.newswire.answer = noting  # type: ignore[method-assign]
