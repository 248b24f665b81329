"""The catalogue: every word of pages and messages in both languages, numbers as each has them."""

import string
import tomllib
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Final, Literal

Language = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
# What the `lang` attribute of a page says.
HTML_LANG: Final[dict[Language, str]] = {"en": "en", "zh": "zh-Hans"}


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Entries such as `inbox.empty`, each with `en`, `zh` and, where n may be 1, `one`."""
    text = resources.files("pipeline.wording").joinpath("words.toml").read_text(encoding="utf-8")
    return {
        f"{section}.{name}": entry
        for section, entries in tomllib.loads(text).items()
        for name, entry in entries.items()
    }


class Words:
    """The catalogue in one language."""

    def __init__(
        self,
        language: Language,
        tag: str | None = None,
        written: Callable[[str], str] = str,
    ) -> None:
        """`written` puts what is said into another script, which `tag` then names."""
        self.language = language
        # As the attribute `lang` names it.
        self.tag = tag or HTML_LANG[language]
        self._written = written

    def __call__(self, key: str, **values: object) -> str:
        """What `key` says, with its values set in. Raises KeyError for what is not there.

        Whole numbers are written as the language writes them; `n` chooses singular or plural.
        """
        entry = catalogue()[key]
        form = "one" if self.language == "en" and values.get("n") == 1 else self.language
        written = {
            name: self.number(value) if isinstance(value, int) else value
            for name, value in values.items()
        }
        return self._written(entry.get(form, entry[self.language]).format(**written))

    def known(self, section: str, name: str) -> str:
        """What the catalogue calls a name that comes from data; the name itself if nothing."""
        return self(f"{section}.{name}") if f"{section}.{name}" in catalogue() else name

    def number(self, value: int) -> str:
        """12,345 in English; in Chinese 万 and 亿 from ten thousand on."""
        if self.language == "zh":
            for unit, name in ((100_000_000, "亿"), (10_000, "万")):
                if abs(value) >= unit:
                    return f"{_sign(value)}{abs(value) / unit:.1f} {name}".replace(".0 ", " ")
        return f"{_sign(value)}{abs(value):,}"

    def span(self, low: int, high: int) -> str:
        """A range such as 0–2, or one number where both ends are it."""
        return self.number(low) if low == high else f"{self.number(low)}–{self.number(high)}"

    def name(self, english: str, chinese: str) -> str:
        """Which of two names the reader reads."""
        return self._written(chinese if self.language == "zh" else english)

    def other_name(self, english: str, chinese: str) -> str:
        """The name in the other language; empty where both are one."""
        return "" if english == chinese else self.name(chinese, english)

    def join(self, parts: list[str]) -> str:
        """A list as the language writes it."""
        return ("、" if self.language == "zh" else ", ").join(parts)


def signed(value: float) -> str:
    """A number of −1 to +1 with its sign, the minus a true one: −0.42, +0.10, 0.00."""
    rounded = round(value, 2)
    return f"{'+' if rounded > 0 else '−' if rounded < 0 else ''}{abs(rounded):.2f}"


def language_of(asked: str | None, remembered: str | None, accepted: str | None) -> Language:
    """The language of ?lang=, else of the cookie, else of Accept-Language, else English."""
    for choice in (asked, remembered):
        if choice in LANGUAGES:
            return choice
    for _, tag in sorted(_preferences(accepted or ""), key=lambda item: -item[0]):
        primary = tag.split("-")[0].lower()
        if primary in LANGUAGES:
            return primary
    return "en"


def placeholders(text: str) -> set[str]:
    """The names of the values a text takes."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _preferences(accepted: str) -> list[tuple[float, str]]:
    found = []
    for part in accepted[:500].split(","):
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        found.append((weight, tag))
    return found


def _sign(value: int) -> str:
    return "−" if value < 0 else ""
