"""Lists of issuers in CSV files: our own form, and the lists that exchanges' symbols come in.

Which form a file has is told by its first line:

    entity_id,kind,name_en,name_zh,codes,sector,parent,aliases_en,aliases_zh     our own
    code,region,name,aliases,…                       mainland China: 600519,SH,贵州茅台
    code,region,name_en,name_zh_hant,name_zh_hans,…  Hong Kong: 00700,HK,TENCENT
    symbol,exchange,name,short_name,…                United States: AAPL,NASDAQ,Apple Inc.
    symbol,name,short_name,gics_sector,…             United States, an index
    symbol,name,aliases                              India: INFY,Infosys Ltd

Further columns are not read. Several codes or aliases are separated by "|"; a code of ours may say
from and until when it was traded: 837748.BJ@2023-08-16/2025-10-09.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final, cast

from pipeline.entities.codes import normal
from pipeline.entities.exchanges import Row, american, hong_kong, indian, mainland, several
from pipeline.entities.issuers import Entry, Issuer, Kind, Security, united
from pipeline.errors import OperatorError

COLUMNS: Final = (
    "entity_id",
    "kind",
    "name_en",
    "name_zh",
    "codes",
    "sector",
    "parent",
    "aliases_en",
    "aliases_zh",
)


class IssuerListError(OperatorError, ValueError):
    """An issuer list is not as it must be; the message names file, line and what is wrong."""


def read_issuers(paths: Sequence[Path]) -> list[Issuer]:
    """The issuers of all lists; what is one issuer in several of them comes once.

    The list given first decides its id and names. Raises IssuerListError for a wrong encoding,
    column or row, for an id or code that a list of our form has twice, and for an unknown parent.
    """
    found = united([entry for path in paths for entry in _entries(path)])
    known = {issuer.entity_id for issuer in found}
    for issuer in found:
        if issuer.parent == issuer.entity_id:
            raise IssuerListError(f"{issuer.entity_id}: is its own parent")
        if issuer.parent and issuer.parent not in known:
            raise IssuerListError(f"{issuer.entity_id}: its parent {issuer.parent} is in no list")
    return found


def _entries(path: Path) -> Iterator[Entry]:
    """A spreadsheet's byte order mark is no text."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = tuple(reader.fieldnames or ())
            read = _form(columns)
            if read is None:
                raise IssuerListError(f"{path}:1: the first line must be {','.join(COLUMNS)}")
            seen: set[str] = set()
            for row in reader:
                where = f"{path}:{reader.line_num}"
                if len(row) != len(columns) or None in row.values():
                    raise IssuerListError(f"{where}: needs exactly {len(columns)} columns")
                try:
                    entry = read(row)
                except ValueError as error:
                    raise IssuerListError(f"{where}: {error}") from error
                if entry is None:
                    continue
                codes = [security.code for security in entry.issuer.securities]
                marks = {entry.issuer.entity_id, *codes}
                if read is _own and (marks & seen or len(set(codes)) < len(codes)):
                    raise IssuerListError(f"{where}: {entry.issuer.entity_id} or its code is twice")
                seen |= marks
                yield entry
    except UnicodeDecodeError as error:
        raise IssuerListError(f"{path}: is not UTF-8; save it as UTF-8") from error
    except csv.Error as error:
        raise IssuerListError(f"{path}: is no CSV: {error}") from error


def _form(columns: Sequence[str]) -> Callable[[Row], Entry | None] | None:
    """How the rows of a file with these columns are read; they raise ValueError with the cause."""
    if tuple(columns) == COLUMNS:
        return _own
    forms: tuple[tuple[set[str], Callable[[Row], Entry | None]], ...] = (
        ({"code", "region", "name_en", "name_zh_hant", "name_zh_hans"}, hong_kong),
        ({"code", "region", "name", "aliases"}, mainland),
        ({"symbol", "exchange", "name", "short_name"}, american),
        ({"symbol", "name", "short_name", "gics_sector"}, american),
        ({"symbol", "name", "aliases"}, indian),
    )
    return next((read for needed, read in forms if needed <= set(columns)), None)


def _own(row: Row) -> Entry:
    if not row["entity_id"] or not (row["name_en"] or row["name_zh"]):
        raise ValueError("needs an entity_id and a name in one language at least")
    if row["kind"] not in {"issuer", "institution"}:
        raise ValueError(f"kind is {row['kind']!r}; write issuer or institution")
    return Entry(
        Issuer(
            entity_id=row["entity_id"],
            kind=cast(Kind, row["kind"]),
            name_en=row["name_en"] or row["name_zh"],
            name_zh=row["name_zh"] or row["name_en"],
            securities=tuple(_security(code) for code in several(row["codes"])),
            sector=row["sector"],
            parent=row["parent"],
            aliases_en=several(row["aliases_en"]),
            aliases_zh=several(row["aliases_zh"]),
        ),
        frozenset(_own_keys(row)),
    )


def _own_keys(row: Row) -> Iterator[str]:
    if row["kind"] == "issuer":
        if row["name_zh"]:
            yield f"zh:{row['name_zh']}"
        if row["name_en"]:
            yield f"us:{row['name_en']}"


def _security(text: str) -> Security:
    code, _, dates = text.partition("@")
    begin, _, end = dates.partition("/")
    try:
        since, until = (date.fromisoformat(day) if day else None for day in (begin, end))
    except ValueError as error:
        raise ValueError(f"{text!r} needs dates like 2001-08-27/2020-01-31") from error
    if since and until and until < since:
        raise ValueError(f"{text!r} ends before it begins")
    return Security(normal(code), since, until)
