"""Which language a text is written in: what is supported is scored, the rest is told apart."""

import re
from functools import cache
from typing import Final

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

SUPPORTED: Final = frozenset({"en", "zh", "zh-Hans", "zh-Hant"})

_HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA: Final = re.compile(r"[\u3040-\u30ff\u31f0-\u31ff]")
_HANGUL: Final = re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")
_LATIN: Final = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_LETTER: Final = re.compile(r"[^\W\d_]")

# What is looked at: enough to decide, and no more of a hostile megabyte.
_WINDOW: Final = 2_000
# A Chinese character carries about as much as this many Latin letters.
_HAN_WEIGHT: Final = 3
# English is kept where it is not clearly beaten: headlines of names and figures look like any
# Latin language.
_ENGLISH_DOUBT: Final = 0.1


def detect(text: str) -> str:
    """`en`, `zh-Hans`, `zh-Hant`, `zh` (too short to tell), another ISO 639-1 code, or `und`.

    Reads the first 2,000 characters. Mixed text is what the larger part of it is.
    """
    sample = text[:_WINDOW]
    letters = len(_LETTER.findall(sample))
    if letters == 0:
        return "und"
    han, latin = len(_HAN.findall(sample)), len(_LATIN.findall(sample))
    if len(_KANA.findall(sample)) > 0.1 * (han + 1):
        return "ja"
    if len(_HANGUL.findall(sample)) > han + latin:
        return "ko"
    if han * _HAN_WEIGHT >= latin and han > 0:
        return _script(sample)
    if latin * 2 < letters:
        return "und"
    return _latin(sample)


def _script(sample: str) -> str:
    """Hans or Hant by the characters that only one of the two national character sets holds."""
    simplified = traditional = 0
    for character in _HAN.findall(sample):
        in_gb, in_big5 = _encodes(character, "gb2312"), _encodes(character, "big5")
        simplified += in_gb and not in_big5
        traditional += in_big5 and not in_gb
    if simplified == traditional:
        return "zh"
    return "zh-Hans" if simplified > traditional else "zh-Hant"


@cache
def _encodes(character: str, codec: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _latin(sample: str) -> str:
    detector = _detector()
    best = detector.detect_language_of(sample)
    if best is None or best == Language.ENGLISH:
        return "en" if best else "und"
    if detector.compute_language_confidence(sample, Language.ENGLISH) > _ENGLISH_DOUBT:
        return "en"
    return str(best.iso_code_639_1.name).lower()


@cache
def _detector() -> LanguageDetector:
    return LanguageDetectorBuilder.from_languages(
        Language.ENGLISH,
        Language.DUTCH,
        Language.FRENCH,
        Language.GERMAN,
        Language.INDONESIAN,
        Language.ITALIAN,
        Language.POLISH,
        Language.PORTUGUESE,
        Language.SPANISH,
        Language.SWEDISH,
        Language.TURKISH,
        Language.VIETNAMESE,
    ).build()
