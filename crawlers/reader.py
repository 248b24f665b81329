"""Has strangers' text read in a process of its own: a page may end that, but not the crawl."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable
from typing import Final, Protocol, cast

import msgspec

from crawlers.cell import LENGTH
from crawlers.reading import Answer, Question
from pipeline.settings import ROOT

# What one page or list may take; ordinary ones take hundredths of a second and 200 MB in all.
_CPU_S: Final = 10.0
_MEMORY_BYTES: Final = 2 * 1024**3
# A source with so many pages or lists that end the process is left alone: each of them keeps all
# other sources waiting.
_MAX_UNREADABLE: Final = 3


class ReaderError(RuntimeError):
    """The reading process does not start."""


class Unreadable(Exception):
    """A page or list ended the process that read it; the text says how."""


class Reads(Protocol):
    """What a visit needs of a reader."""

    async def read(self, question: Question) -> Answer:
        """The answer to a question. Raises Unreadable."""
        ...


class VisitReader:
    """A visit's share of the reader: one question at a time, and few that end it."""

    def __init__(self, reader: Reads, give_up: Callable[[str], None]) -> None:
        self._reader, self._give_up = reader, give_up
        # A visit with much to read keeps no other visit waiting.
        self._turn = asyncio.Lock()
        self._unreadable = 0

    async def read(self, question: Question) -> Answer | None:
        """The answer; None where the source is not read any more, of which `give_up` was told."""
        async with self._turn:
            if self._unreadable == _MAX_UNREADABLE:
                return None
            try:
                return await self._reader.read(question)
            except Unreadable as error:
                self._unreadable += 1
                if self._unreadable == _MAX_UNREADABLE:
                    self._give_up(f"{_MAX_UNREADABLE} pages could not be read, the last: {error}")
                return Answer(cause=str(error))
            except ReaderError as error:
                # That says nothing of the page.
                self._give_up(str(error))
                return None


class Reader:
    """One reading process, made anew when it ended. Questions wait for each other."""

    def __init__(self, cpu_s: float = _CPU_S, memory_bytes: int = _MEMORY_BYTES) -> None:
        self._arguments = (str(cpu_s), str(memory_bytes))
        self._cpu_s = cpu_s
        self._turn = asyncio.Lock()
        self._cell: _Cell | None = None

    async def read(self, question: Question) -> Answer:
        """The answer to a question. Raises Unreadable, or ReaderError where nothing can be read."""
        async with self._turn:
            cell = self._cell = self._cell or await self._started()
            try:
                raw = await cell.asked(msgspec.msgpack.encode(question))
            except (OSError, asyncio.IncompleteReadError) as error:
                self._cell = None
                raise Unreadable(self._how(await cell.process.wait())) from error
            return msgspec.msgpack.decode(raw, type=Answer)

    async def close(self) -> None:
        """End the process; nothing is asked any more."""
        cell, self._cell = self._cell, None
        if cell is not None:
            with contextlib.suppress(ProcessLookupError):
                cell.process.kill()
            await cell.process.wait()

    async def _started(self) -> "_Cell":
        command = (sys.executable, "-m", "crawlers.cell", *self._arguments)
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        cell = _Cell(process)
        try:
            await cell.answered()
        except asyncio.IncompleteReadError as error:
            code = await process.wait()
            raise ReaderError(f"the process that reads pages ended with {code}") from error
        return cell

    def _how(self, code: int) -> str:
        if code == -signal.SIGPROF:
            return f"reading it took more than {self._cpu_s:g} s of computing time"
        return f"reading it ended the process that did ({code})"


class _Cell:
    """The process and its two pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        # Both are pipes, by the way it was started.
        self._questions = cast(asyncio.StreamWriter, process.stdin)
        self._answers = cast(asyncio.StreamReader, process.stdout)

    async def asked(self, question: bytes) -> bytes:
        self._questions.write(len(question).to_bytes(LENGTH, "big") + question)
        await self._questions.drain()
        return await self.answered()

    async def answered(self) -> bytes:
        length = await self._answers.readexactly(LENGTH)
        return await self._answers.readexactly(int.from_bytes(length, "big"))
