"""Which language a text is written in: what is supported is scored, the rest is told apart."""

import re
import unicodedata
from functools import cache
from typing import Final

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

SUPPORTED: Final = frozenset({"en", "zh", "zh-Hans", "zh-Hant"})


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LATIN: Final = r"A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_HAN: Final = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_HAN_CHARACTER: Final = re.compile(f"[{_HAN}]")
# The middle dot and the long mark stand in Chinese too.
_KANA: Final = re.compile(r"[\u3005\u3041-\u309f\u30a1-\u30fa\u31f0-\u31ff]")
_HANGUL: Final = re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")
_OTHER_LETTER: Final = re.compile(
    f"[^\\W\\d_{_LATIN}{_HAN}\u3005\u3041-\u30ff\u31f0-\u31ff\uac00-\ud7af\u1100-\u11ff]"
)
_URL: Final = re.compile(r"(?:https?://|www\.)[!-~]+")
_TOKEN: Final = re.compile(f"[$@#]?[0-9{_LATIN}]+(?:[-'.&_][0-9{_LATIN}]+)*")
_WORD: Final = re.compile(f"[{_LATIN}]+(?:[-'][{_LATIN}]+)*")
# A name in Chinese characters within another script: between blanks, brackets or quotes.
_SET_APART: Final = re.compile(f"(?:^|(?<=[\\s(\\[\"'“‘]))[{_HAN}]+(?=[\\s)\\]\"'”’,.:;!?]|$)")

# The second level of JIS X 0208 holds rare characters and the old forms, which China writes.
_JIS_SECOND_LEVEL: Final = b"\xd0"
# Big5 lacks these, but Hong Kong writes them.
_HONG_KONG: Final = frozenset("恒着温")

# What is looked at: enough to decide, and no more of a hostile megabyte.
_WINDOW: Final = 2_000
_WORDS: Final = 80
# A lower-case word of a Latin script says about as much as this many Chinese characters.
_WORD_WEIGHT: Final = 2
# So many words around names in Chinese characters are a sentence, even With Every Word Like This.
_SENTENCE_WORDS: Final = 4

# Words of English news that hardly stand in the other languages below, as words or in names.
_ENGLISH: Final = _words(
    """
    the and with from for to after its their has have said that this these would could should
    been were are by than into against amid they but not be it you your our who why how what his
    she when while which through about before because between may might
    says sees gets wins cuts rises falls drops jumps slips soars lifts raises beats misses
    declares reports names seeks warns faces buys sells launches announces
    shares earnings revenue results sales rates prices quarter growth losses debt year years
    higher lower expected expects reported posted raised statement upside unemployment borrowing
    housing spending buy sell long short
    """
)
# Function words of other languages that English sentences hardly hold outside names.
_FOREIGN: Final = _words(
    """
    der das dem und von für la un su mit auf nicht ein eine einen einem ist im zum zur nach vor bei
    sich unter über wird wie aus gegen
    de le les des du et au aux en dans sur pour ses sous avec selon qui que cette
    el las del al para se sus tras una como lo sobre
    il gli di della dello delle dei degli nel nella negli nelle che non dopo sui sulle alla allo
    alle dalla dal più sono solo fra tra sotto
    da das dos em ou por na nas ao não com são mais até pela pelo uma
    het een op voor niet zijn naar uit meer wordt aan och att det som på av för till inte är og til
    się nie przez bir ve için ile dan yang di ke untuk pada dengan itu akan tidak
    """
)
_ELIDED: Final = ("l'", "d'", "qu'", "un'", "all'", "dell'", "nell'", "sull'", "dall'")
# English is kept where it is not clearly beaten: headlines of names and figures look like any
# Latin language. Each English or foreign function word beyond the other side's moves the odds.
_ENGLISH_ODDS: Final = 0.25
_WORD_ODDS: Final = 3.0
# So many letters in lower case are told without the names around them.
_PROSE: Final = 20
_ABBREVIATION: Final = 5


def detect(text: str) -> str:
    """`en`, `zh-Hans`, `zh-Hant`, `zh` (too short to tell), another ISO 639-1 code, or `und`.

    Reads the first 2,000 characters. Mixed text is in the language of its sentences, whatever
    the names in them are written in. Links, handles, tickers and figures are no language.
    """
    sample = unicodedata.normalize("NFKC", text[:_WINDOW])[:_WINDOW].replace("’", "'")
    sample = _URL.sub(" ", sample)
    words = [token for token in _TOKEN.findall(sample) if _WORD.fullmatch(token)]
    if sample.isascii():
        return _latin(words[:_WORDS])
    han, kana = _HAN_CHARACTER.findall(sample), len(_KANA.findall(sample))
    hangul = len(_HANGUL.findall(sample))
    characters = len(han) + kana + hangul
    if len(_OTHER_LETTER.findall(sample)) > characters + sum(map(len, words)):
        return "und"
    if characters == 0 or _sentences_are_latin(text[:_WINDOW], words, characters):
        return _latin(words[:_WORDS])
    if hangul >= len(han) + kana:
        return "ko"
    return _han(han, kana)


def _sentences_are_latin(text: str, words: list[str], characters: int) -> bool:
    prose = sum((word.islower() and len(word) > 1) or word.lower() in _ENGLISH for word in words)
    apart = sum(map(len, _SET_APART.findall(text)))
    if apart == characters and len(words) >= max(_SENTENCE_WORDS, characters + 1):
        return True
    return prose * _WORD_WEIGHT > characters - apart / 2


def _han(han: list[str], kana: int) -> str:
    """Told by the characters that only some of the three national standards know."""
    known = [_standards(character) for character in han]
    china, taiwan = known.count("c") + known.count("cj"), known.count("t") + known.count("tj")
    # Japan simplified some characters as China did and left others: such stand side by side.
    japan = kana + known.count("j") + min(known.count("cj"), known.count("tj"))
    if japan * 20 >= len(han) and japan > 4 * (known.count("c") + known.count("t")):
        return "ja"
    if china == taiwan:
        return "zh"
    return "zh-Hans" if china > taiwan else "zh-Hant"


@cache
def _standards(character: str) -> str:
    """`c` for GB 2312, `t` for Big5, `j` for the everyday level of JIS X 0208; none: empty."""
    japanese = _encoded(character, "euc_jp")
    marks = "c" if _encoded(character, "gb2312") else ""
    marks += "t" if _encoded(character, "big5") or character in _HONG_KONG else ""
    return marks + ("j" if len(japanese) == 2 and japanese < _JIS_SECOND_LEVEL else "")


def _encoded(character: str, codec: str) -> bytes:
    try:
        return character.encode(codec)
    except UnicodeEncodeError:
        return b""


def _latin(words: list[str]) -> str:
    words = _telling(words)
    if not words:
        return "und"
    prose = [word for word in words if word[0].islower()]
    titled = all(len(word) < 4 or word in _ENGLISH for word in prose)
    ours = [w for w in (words if titled else prose) if w.lower() in _ENGLISH]
    theirs = sum(
        word in _FOREIGN or not word.isascii() or word.startswith(_ELIDED) for word in prose
    )
    if len(ours) >= 2 and len(ours) * 7 >= len(words) and theirs == 0:
        return "en"
    odds, other = _odds(" ".join(words))
    letters = len("".join(prose))
    if letters >= _PROSE or (letters >= 7 and (odds < 1.0 or theirs > len(ours))):
        of_prose = _odds(" ".join(prose))[0]
        odds = of_prose if letters >= _PROSE else min(odds, of_prose)
    lead = max(-2, min(2, len(ours) - theirs))
    return "en" if odds * _WORD_ODDS**lead >= _ENGLISH_ODDS else other


def _telling(words: list[str]) -> list[str]:
    """Each word once; abbreviations and single letters are of no language."""
    distinct = [word for word in dict.fromkeys(words) if len(word) > 1 or word > "z"]
    longer = [word for word in distinct if not (word.isupper() and len(word) <= _ABBREVIATION)]
    # In capitals throughout, short words are words like the others.
    shouted = all(word.isupper() for word in distinct)
    if shouted and (longer or any(word.lower() in _ENGLISH for word in distinct)):
        return distinct
    return longer


def _odds(text: str) -> tuple[float, str]:
    """How probable English is beside the most probable other language, and that language."""
    values = _detector().compute_language_confidence_values(text)
    english = next(item.value for item in values if item.language == Language.ENGLISH)
    best = next(item for item in values if item.language != Language.ENGLISH)
    if english == best.value:
        return 0.0, "und"
    return english / max(best.value, 1e-9), str(best.language.iso_code_639_1.name).lower()


@cache
def _detector() -> LanguageDetector:
    return LanguageDetectorBuilder.from_languages(
        Language.ENGLISH,
        Language.BOKMAL,
        Language.CATALAN,
        Language.CZECH,
        Language.DANISH,
        Language.DUTCH,
        Language.FINNISH,
        Language.FRENCH,
        Language.GERMAN,
        Language.HUNGARIAN,
        Language.INDONESIAN,
        Language.ITALIAN,
        Language.MALAY,
        Language.POLISH,
        Language.PORTUGUESE,
        Language.ROMANIAN,
        Language.SPANISH,
        Language.SWEDISH,
        Language.TAGALOG,
        Language.TURKISH,
        Language.VIETNAMESE,
    ).build()
