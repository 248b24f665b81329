"""What stands around a name in a text, and what it says about the name."""

import re
from collections.abc import Iterable
from typing import Final

from pipeline.entities.words import WORDS
from pipeline.folding import fold

_LATIN: Final = re.compile(r"[0-9a-z\u00e0-\u024f]")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
# A name of so few Latin letters is an abbreviation, and written in capitals.
_ABBREVIATION: Final = 4
# An everyday word is a company where one of these stands beside it.
_LEGAL_AFTER: Final = (
    r",? (?:inc|corp|corporation|co|company|ltd|plc|group|holdings|llc|n\.v|s\.a|ag|se)\b"
    r"|'s? (?!day\b|law\b)|\s*\((?:nyse|nasdaq|amex|hkex|sse|szse|[a-z]{1,5}\)|\$|\d)|:[a-z]{2}\b"
)
_AFTER_EN: Final = re.compile(rf"(?:{_LEGAL_AFTER}|,? (?:{'|'.join(WORDS.after_en)})\b)")
_BEFORE_EN: Final = re.compile(rf"\b(?:{'|'.join(WORDS.before_en)})\.? $")
_PERSON: Final = re.compile(rf"\b(?:{'|'.join(WORDS.persons_en)})\.? (?:[a-z]+\.? )?$")
_CODE_AFTER: Final = r"[（(]\s*(?:[036489]\d{3,5}|sh|sz|hk)"
_AFTER_ZH: Final = re.compile(rf"[”\"》」]?\s*(?:{_CODE_AFTER}|{'|'.join(WORDS.after_zh)})")
_BEFORE_ZH: Final = re.compile(rf"(?:{'|'.join(WORDS.before_zh)})[“\"《「：:]?$")
_NOT_AFTER_ZH: Final = re.compile(r"概念|板块|产业|行业|赛道|ETF|指数")
# A sentence on shares or accounts begins with who it is about.
_BEGINS_ZH: Final = re.compile(r"(?:^|[。；;！!？?\n\s:：】])[“\"]?$")
_STOP_ZH: Final = re.compile(r"[。；;！!？?\n]")
# Characters of a sentence that are looked at.
_SENTENCE: Final = 120
_MARKET_ZH: Final = re.compile("|".join(WORDS.market_zh))
# What belongs to a name where it follows.
_FORM_EN: Final = re.compile(
    r",? (?:Inc|Corp|Corporation|Company|Co|Ltd|Limited|[Pp]lc|PLC|LLC|N\.V|S\.A|AG|SE|Group"
    r"|Holdings|INC|CORP|LTD|GROUP|HOLDINGS)\b\.?(?![\w])"
)
_FORM_ZH: Final = re.compile(
    r"(?:集团|控股)?(?:股份)?有限公司|集团(?:股份)?(?!军)|(?:控股|股份)(?!股东|权|制|化|数)"
)
# With one of these behind it, a name is another's.
_ANOTHER_EN: Final = re.compile(rf" (?:{'|'.join(WORDS.another_en)})\b", re.IGNORECASE)
_ANOTHER_ZH: Final = re.compile("|".join(WORDS.another_zh))
# A first name before it, or a second one after it.
_NAME_BEFORE: Final = re.compile(r"[A-Z][a-z][\w'-]* $")
_LONG_WORD: Final = re.compile(r"[A-Za-z][A-Za-z'-]{3,}")
_NAME_AFTER: Final = re.compile(r"[ -][A-Z][a-z]")


class Surroundings:
    """A text and what stands around a place in it."""

    def __init__(self, text: str) -> None:
        self.text, self.folded = text, fold(text)
        self._taken = bytearray(len(text))
        # By where its line begins.
        self._headlines: dict[int, bool] = {}

    def take(self, spans: Iterable[tuple[int, int]]) -> None:
        """These places [start, end) are no part of any name to come."""
        for start, end in spans:
            self._taken[start:end] = b"\x01" * (end - start)

    def free(self, start: int, end: int) -> bool:
        """Whether nothing of a place is taken."""
        return not any(self._taken[start:end])

    def _titled(self, place: int) -> bool:
        """Whether a place is in a Headline Like This, where capitals say nothing."""
        begin = self.text.rfind("\n", 0, place) + 1
        if begin not in self._headlines:
            end = self.text.find("\n", begin)
            words = _LONG_WORD.findall(self.text, begin, end if end >= 0 else len(self.text))
            capitals = [word for word in words if word[0].isupper()]
            self._headlines[begin] = len(capitals) > 0.6 * len(words)
        return self._headlines[begin]

    def _of_the_market(self, start: int, end: int) -> bool:
        """Whether the sentence in which a place is speaks of shares or of accounts."""
        stop = _STOP_ZH.search(self.folded, end, end + _SENTENCE)
        last = stop.start() if stop else end + _SENTENCE
        return _MARKET_ZH.search(self.folded, start, last) is not None

    def whole(self, start: int, end: int) -> bool:
        """A Latin name must not be part of a longer word; Chinese has no word boundaries."""
        text = self.folded
        before = start > 0 and _LATIN.match(text[start]) and _LATIN.match(text[start - 1])
        after = end < len(text) and _LATIN.match(text[end - 1]) and _LATIN.match(text[end])
        return not before and not after

    def written(self, start: int, end: int, spellings: frozenset[str]) -> bool:
        """Whether it is written as a name: with a capital, an abbreviation in capitals only."""
        text = self.text[start:end]
        if _HAN.search(text):
            return True
        letters = [letter for letter in text if letter.isalpha()]
        if text in spellings or not letters:
            return True
        if len(letters) <= _ABBREVIATION and all(one.isupper() for one in spellings):
            return text.isupper()
        return any(letter.isupper() for letter in letters) and (
            letters[0].isupper() or any(not one[:1].isupper() for one in spellings)
        )

    def with_form(self, end: int) -> int:
        """Where a name that ends at `end` ends with its legal form."""
        form = _FORM_ZH if _HAN.search(self.folded[end - 1 : end]) else _FORM_EN
        found = form.match(self.text, end)
        return found.end() if found else end

    def another(self, start: int, end: int) -> bool:
        """Whether the name goes on and becomes that of somebody or something else."""
        if _HAN.search(self.folded[end - 1 : end]):
            return _ANOTHER_ZH.match(self.folded, end) is not None
        return _ANOTHER_EN.match(self.text, end) is not None

    def a_person(self, start: int) -> bool:
        """Whether a title or a first name stands before an everyday word."""
        if _PERSON.search(self.folded, max(0, start - 40), start):
            return True
        before = _NAME_BEFORE.search(self.text, max(0, start - 40), start)
        return before is not None and not self._titled(start)

    def alone(self, start: int, end: int) -> bool:
        """Whether a capitalised word is no part of a longer name."""
        longer = _NAME_AFTER.match(self.text, end) is not None and not self._titled(start)
        return not longer and not self.another(start, end) and not self.a_person(start)

    def a_company(self, start: int, end: int) -> bool:
        """Whether what stands around an everyday word says that a company is meant."""
        before, after = self.folded[max(0, start - 40) : start], self.folded[end : end + 40]
        if _HAN.search(self.folded[start:end]):
            if _NOT_AFTER_ZH.match(after):
                return False
            return bool(
                _AFTER_ZH.match(after)
                or _BEFORE_ZH.search(before)
                or (_BEGINS_ZH.search(before) and self._of_the_market(start, end))
            )
        if _BEFORE_EN.search(before):
            return True
        # Within a sentence a capital says something.
        within = before.rstrip(" ")[-1:].isalnum() or before.endswith(", ")
        if _AFTER_EN.match(after):
            return True
        return within and not _NAME_AFTER.match(self.text, end) and not self._titled(start)
