"""A message as one text, in the markup of a channel and within its length."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from pipeline.alerts.delivery.message import STORIES, Entry, Message, Story

Written = TypeVar("Written")


@dataclass(frozen=True)
class Markup:
    """How a channel writes. Each function takes plain text and returns markup."""

    text: Callable[[str], str]
    strong: Callable[[str], str]
    # Words and the address they lead to.
    link: Callable[[str, str], str]
    line: str = "\n"


# No markup: an address stands behind its words.
PLAIN: Final = Markup(str, str, lambda words, address: f"{words} <{address}>")


@dataclass(frozen=True)
class Run:
    """Some words of a line, and where they lead."""

    words: str
    address: str | None = None
    strong: bool = False


# A line; lines that belong together.
Line = tuple[Run, ...]
Paragraph = tuple[Line, ...]


def fit(
    message: Message,
    write: Callable[[list[Paragraph]], Written],
    fits: Callable[[Written], bool],
) -> Written:
    """The most complete form of the message that fits.

    What does not is left out whole: evidence first, then the least severe alerts, of which a link
    to the inbox remains. Raises ValueError where not even one alert without evidence fits.
    """
    for shown, stories in _less_and_less(len(message.entries)):
        written = write(list(_paragraphs(message, shown, stories)))
        if fits(written):
            return written
    raise ValueError("not even one alert of the message fits")


def lay_out(
    message: Message, markup: Markup, longest: int, size: Callable[[str], int] = len
) -> str:
    """The message as text, at most `longest` by `size`."""

    def write(paragraphs: Iterable[Paragraph]) -> str:
        return "\n\n".join(
            markup.line.join("".join(_marked(run, markup) for run in line) for line in paragraph)
            for paragraph in paragraphs
        )

    return fit(message, write, lambda text: size(text) <= longest)


def _marked(run: Run, markup: Markup) -> str:
    if run.address:
        return markup.link(run.words, run.address)
    return markup.strong(run.words) if run.strong else markup.text(run.words)


def _less_and_less(entries: int) -> Iterator[tuple[int, int]]:
    """How many alerts to show with how many stories each, from everything on down."""
    for stories in range(STORIES, -1, -1):
        yield entries, stories
    for shown in range(entries - 1, 0, -1):
        yield shown, 0


def _paragraphs(message: Message, shown: int, stories: int) -> Iterator[Paragraph]:
    if not message.entries or message.subject != message.entries[0].title:
        yield ((Run(message.subject, strong=True),),)
    if message.intro:
        yield ((Run(message.intro),),)
    for entry in message.entries[:shown]:
        yield tuple(_lines(message, entry, stories))
    left = len(message.entries) - shown
    if left:
        yield ((Run(message.more_words[left - 1], message.inbox),),)
    yield ((Run(message.foot),),)


def _lines(message: Message, entry: Entry, stories: int) -> Iterator[Line]:
    yield (Run(entry.title, strong=True),)
    yield (Run(entry.state),)
    if entry.why:
        yield (Run(entry.why),)
    for story in entry.stories[:stories]:
        yield _evidence(story)
    yield (Run(message.open_words, entry.link),)


def _evidence(story: Story) -> Line:
    return Run("• "), Run(story.headline, story.link), Run(f" ({story.publisher})")
