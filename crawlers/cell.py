"""The process in which strangers' text is read: `python -m crawlers.cell SECONDS BYTES`.

What a page or a list holds can make its parsers work for hours or fill the memory, in C code that
nothing else can interrupt. Here it costs that one page. Questions come on stdin and answers go to
stdout, each a length of four bytes and MessagePack; an empty one says that the process is ready.
"""

import logging
import resource
import signal
import sys
from typing import BinaryIO, Final

import msgspec

from crawlers.reading import Answer, Question, answer

LENGTH: Final = 4


def main(cpu_s: float, memory_bytes: int) -> None:
    """Answer until stdin ends. Each question has so many seconds of computing time."""
    # A signal to the whole group is the parent's to heed: it may want answers still.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    # What a library has to say of a page is of no use to anyone.
    logging.disable()
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    _write(answers, b"")
    while raw := _read(questions):
        question = msgspec.msgpack.decode(raw, type=Question)
        # The kernel ends the process, whatever code it is in.
        signal.setitimer(signal.ITIMER_PROF, cpu_s)
        encoded = _encoded(answer(question))
        signal.setitimer(signal.ITIMER_PROF, 0)
        _write(answers, encoded)


def _encoded(found: Answer) -> bytes:
    try:
        return msgspec.msgpack.encode(found)
    except UnicodeEncodeError as error:
        return msgspec.msgpack.encode(Answer(cause=f"text is not valid Unicode: {error.reason}"))


def _read(stream: BinaryIO) -> bytes:
    """One message; empty at the end of the stream."""
    length = stream.read(LENGTH)
    return stream.read(int.from_bytes(length, "big")) if len(length) == LENGTH else b""


def _write(stream: BinaryIO, message: bytes) -> None:
    stream.write(len(message).to_bytes(LENGTH, "big") + message)
    stream.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
