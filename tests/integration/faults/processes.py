"""Consumers in processes of their own, and news that is sent while they work."""

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from typing import Any

import psycopg2

from pipeline.bus import Producer
from tests.integration.consuming import Message
from tests.integration.faults import victim
from tests.integration.ingest import world

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.integration.faults.victim"])

OWNERS = "SELECT count(DISTINCT owner) FROM kafka_offset WHERE topic = 'news.raw.v1'"


@contextmanager
def running(order: victim.Order) -> Iterator[ForkServerProcess]:
    """A consumer process until the context ends."""
    process = _processes.Process(target=victim.work, args=(order,))
    process.start()
    try:
        yield process
    finally:
        # One that was stopped would never hear that it shall end.
        if process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGCONT)
        process.terminate()
        process.join(15)
        if process.is_alive():
            process.kill()
            process.join()


def dead(process: ForkServerProcess) -> bool:
    """Whether a process has ended, whatever way."""
    return process.exitcode is not None


@contextmanager
def sending(bootstrap: str) -> Iterator[Callable[[list[Message]], int]]:
    """Send some messages, each acknowledged; returns how many."""
    producer = Producer(bootstrap)

    def send(messages: list[Message]) -> int:
        for topic, key, payload in messages:
            producer.send(topic, key, payload).result(timeout=20)
        return len(messages)

    try:
        yield send
    finally:
        producer.close()


def parts(expected: world.World) -> Iterator[list[Message]]:
    """Some batches at a time for each of two consumers."""
    for begin in range(0, len(expected.messages), 16):
        yield expected.messages[begin : begin + 16]


@contextmanager
def asking(url: str) -> Iterator[Any]:
    """A connection that sees what is committed at every question."""
    link = psycopg2.connect(url)
    link.autocommit = True
    try:
        yield link
    finally:
        link.close()
