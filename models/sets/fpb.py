"""Financial PhraseBank: sentences of press releases, mostly of Finnish companies."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from models.sets.spec import Hub, PublicSet, Record, of_text

# The sentences on which at least half of the annotators agree: all that are published.
_MEMBER: Final = "FinancialPhraseBank-v1.0/Sentences_50Agree.txt"
_LARGEST: Final = 4_000_000
# What became of the letters of Finnish names: UTF-8 read as code page 850, its first byte as "+".
_BROKEN: Final = re.compile(r"\+([^\x00-\x7f])")


def _read(path: Path, split: str | None) -> Iterator[Record]:
    with zipfile.ZipFile(path) as archive:
        if archive.getinfo(_MEMBER).file_size > _LARGEST:
            raise ValueError(f"{_MEMBER} is larger than {_LARGEST} bytes")
        lines = archive.read(_MEMBER).decode("latin-1").splitlines()
    for number, line in enumerate(lines):
        sentence, _, sentiment = line.rpartition("@")
        yield Record(
            id=f"fpb-{number:04}",
            text=_BROKEN.sub(_mended, sentence),
            lang="en",
            sentiment=sentiment.strip(),
            split=split,
        )


def _mended(match: re.Match[str]) -> str:
    try:
        return (b"\xc3" + match[1].encode("cp850")).decode("utf-8")
    except UnicodeError:
        return match.group()


SET = PublicSet(
    name="fpb",
    file="fpb_clean.jsonl",
    licence="CC BY-NC-SA 3.0",
    notes="By 16 annotators, at least half of whom agree. Series of releases differ in nothing but "
    "their figures: figures count as equal where near-duplicates are told.",
    labels=of_text,
    hub=Hub(
        repo="takala/financial_phrasebank",
        revision="main",
        files={"data/FinancialPhraseBank-v1.0.zip": None},
        read=_read,
    ),
    train_part=None,
)
