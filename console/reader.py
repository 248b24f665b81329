"""Who reads, in which language and theme, and what every page needs to answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal, cast

from fastapi import Depends, Request, Response

from console.database import Database
from console.roster import Roster
from pipeline.alerts.phrases import Phrases
from pipeline.settings import Settings
from pipeline.wording.clock import Clock
from pipeline.wording.words import HTML_LANG, LANGUAGES, Language, Words, language_of

Theme = Literal["auto", "light", "dark"]
THEMES: Final[tuple[Theme, ...]] = ("auto", "light", "dark")

# Until people sign in, everyone at this machine is one analyst.
ANALYST: Final = "analyst"
_YEAR: Final = 365 * 24 * 3600


@dataclass(frozen=True)
class Parts:
    """What the console is made of."""

    settings: Settings
    database: Database
    roster: Roster
    # Now, with its zone.
    now: Callable[[], datetime]


@dataclass(frozen=True)
class Reader:
    """The one who asked for the page."""

    language: Language
    theme: Theme
    who: str
    words: Words
    clock: Clock
    phrases: Phrases

    @property
    def html_lang(self) -> str:
        """For the `lang` attribute of the page."""
        return HTML_LANG[self.language]


def parts_of(request: Request) -> Parts:
    """The parts of the running console."""
    return cast(Parts, request.app.state.parts)


def reader_of(request: Request) -> Reader:
    """The reader: language by ?lang=, cookie, Accept-Language; theme by ?theme=, cookie."""
    parts = parts_of(request)
    asked, kept = request.query_params, request.cookies
    accepted = request.headers.get("accept-language")
    language = language_of(asked.get("lang"), kept.get("lang"), accepted)
    themes = (asked.get("theme"), kept.get("theme"), "auto")
    theme = next(choice for choice in themes if choice in THEMES)
    words = Words(language)
    clock = Clock(parts.settings.zone, words, parts.now())
    return Reader(language, theme, ANALYST, words, clock, Phrases(words, clock))


def remember(request: Request, response: Response) -> None:
    """Keep what ?lang= and ?theme= chose for the pages that follow."""
    for name, choices in (("lang", LANGUAGES), ("theme", THEMES)):
        choice = request.query_params.get(name, "")
        if choice in choices:
            response.set_cookie(name, choice, max_age=_YEAR, httponly=True, samesite="lax")


PartsOf = Annotated[Parts, Depends(parts_of)]
ReaderOf = Annotated[Reader, Depends(reader_of)]
