"""Issuer lists as they come: our own form, and those of the exchanges' symbols."""

from datetime import date
from pathlib import Path

import pytest

from pipeline.entities.codes import is_isin
from pipeline.entities.issuers import Issuer, Security
from pipeline.entities.lists import COLUMNS, IssuerListError, read_issuers
from pipeline.settings import ROOT

HEADER = ",".join(COLUMNS)
ROW = "orrin,issuer,Orrin,,9901.HK,metals,,Orrin Group|Orrin plc,"


def written(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path = folder / "issuers.csv"
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def test_a_list_is_read_with_both_names_filled(tmp_path: Path) -> None:
    (found,) = read_issuers([written(tmp_path, HEADER, ROW)])
    assert (found.name_zh, found.aliases_en) == ("Orrin", ("Orrin Group", "Orrin plc"))


def test_a_list_saved_by_a_spreadsheet_is_read(tmp_path: Path) -> None:
    assert read_issuers([written(tmp_path, HEADER, ROW, encoding="utf-8-sig")])


@pytest.mark.parametrize(
    ("lines", "line", "cause"),
    [
        (["entity_id,kind", ROW], 1, "the first line must be entity_id,kind,name_en"),
        ([HEADER, "orrin,issuer"], 2, "exactly 9 columns"),
        ([HEADER, ROW + ",one,too many"], 2, "exactly 9 columns"),
        ([HEADER, ",issuer,Orrin,,,,,,"], 2, "needs an entity_id"),
        ([HEADER, "orrin,issuer,,,,,,,"], 2, "a name in one language"),
        ([HEADER, "orrin,bank,Orrin,,,,,,"], 2, "kind is 'bank'; write issuer or institution"),
        ([HEADER, ROW, "kite,issuer,Kite,,,,,,", ROW], 4, "orrin or its code is twice"),
        ([HEADER, ROW, "kite,issuer,Kite,,9901.HK,,,,"], 3, "kite or its code is twice"),
        ([HEADER, "kite,issuer,Kite,,9901.HK@soon/,,,,"], 2, "needs dates like 2001-08-27/"),
        ([HEADER, "kite,issuer,Kite,,9901.HK@2020-01-31/2001-08-27,,,,"], 2, "ends before it"),
        ([HEADER, "kite,issuer,Kite,,600519|sh600519,,,,"], 2, "kite or its code is twice"),
    ],
)
def test_a_wrong_list_is_refused_with_its_line(
    tmp_path: Path, lines: list[str], line: int, cause: str
) -> None:
    path = written(tmp_path, *lines)
    with pytest.raises(IssuerListError, match=cause) as caught:
        read_issuers([path])
    assert str(caught.value).startswith(f"{path}:{line}:")


def test_a_list_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, "yunling,issuer,,云岭地产,,,,,", encoding="gb18030")
    with pytest.raises(IssuerListError, match="save it as UTF-8"):
        read_issuers([path])


def test_a_code_says_from_when_until_when(tmp_path: Path) -> None:
    row = "orrin,issuer,Orrin,,837748.BJ@2023-08-16/2025-10-09|920748.BJ@2025-10-09/|ORRN,,,,"
    (found,) = read_issuers([written(tmp_path, HEADER, row)])
    assert found.securities == (
        Security("837748.BJ", date(2023, 8, 16), date(2025, 10, 9)),
        Security("920748.BJ", date(2025, 10, 9)),
        Security("ORRN.US"),
    )


def test_a_parent_must_be_in_a_list(tmp_path: Path) -> None:
    parent = "kite,issuer,Kite,,,,,,"
    child = "orrin,issuer,Orrin,,,,kite,,"
    found = read_issuers([written(tmp_path, HEADER, parent, child)])
    assert [one.parent for one in found] == ["", "kite"]
    with pytest.raises(IssuerListError, match="its parent kite is in no list"):
        read_issuers([written(tmp_path, HEADER, child)])


def test_no_issuer_is_its_own_parent(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, "kite,issuer,Kite,,,,kite,,")
    with pytest.raises(IssuerListError, match="kite: is its own parent"):
        read_issuers([path])


def test_a_line_that_is_no_csv_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, f"kite,issuer,{'x' * 200_000},,,,,,")
    with pytest.raises(IssuerListError, match="is no CSV"):
        read_issuers([path])


MAINLAND = "code,region,exchange,type,name,aliases,list_date,status"
HONG_KONG = "code,region,exchange,type,name_en,name_zh_hant,name_zh_hans,status"
AMERICAN = "symbol,exchange,type,name,short_name,sp500_name,gics_sector,gics_sub_industry"
INDEX = "symbol,name,short_name,gics_sector,gics_sub_industry,hq,date_added,cik"
INDIAN = "symbol,name,aliases"


def listed(folder: Path, **lists: list[str]) -> dict[str, Issuer]:
    """The issuers of some lists, by each of their codes."""
    paths = []
    for name, lines in lists.items():
        path = folder / f"{name}.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        paths.append(path)
    found = read_issuers(paths)
    return {one.code: issuer for issuer in found for one in issuer.securities}


def test_one_issuer_in_three_markets_is_one(tmp_path: Path) -> None:
    found = listed(
        tmp_path,
        own=[HEADER, "harbour-group,issuer,Harbour Group,港湾集团,HRBR,,,,"],
        mainland=[MAINLAND, "600901,SH,SSE,stock,港湾集团,*ST港湾,2001-08-27,listed"],
        hong_kong=[HONG_KONG, "00901,HK,HKEX,stock,HRBR-SW,港灣集團,港湾集团,listed"],
        american=[AMERICAN, "HRBR,NYSE,stock,Harbour Group ADS,Harbour,,Industrials,"],
    )
    assert {issuer.entity_id for issuer in found.values()} == {"harbour-group"}
    assert list(found) == ["HRBR.US", "600901.SH", "00901.HK"]
    assert found["00901.HK"].sector == "Industrials"


def test_a_parent_is_found_under_the_name_another_list_gave_it(tmp_path: Path) -> None:
    found = listed(
        tmp_path,
        first=[HEADER, "harbour,issuer,Harbour Group,,HRBR,,,,"],
        second=[
            HEADER,
            "hg,issuer,Harbour Holdings,,HRBR,,,,",
            "kite,issuer,Kite,,KITE,,hg,,",
        ],
    )
    assert found["HRBR.US"].entity_id == "harbour"
    assert found["KITE.US"].parent == "harbour"


def test_an_own_issuer_named_by_its_code_is_the_one_of_the_exchange(tmp_path: Path) -> None:
    found = listed(
        tmp_path,
        own=[HEADER, "HRBR.US,issuer,Harbour,,HRBR,,,,"],
        american=[AMERICAN, "HRBR,NYSE,stock,Harbour Group ADS,Harbour Group,,Industrials,"],
    )
    assert found["HRBR.US"].name_en == "Harbour"


def test_lists_with_gaps_are_read(tmp_path: Path) -> None:
    found = listed(
        tmp_path,
        mainland=[MAINLAND, "600901,SH,SSE,stock, ,,,listed", "600902,SH,SSE,stock,万湾,,,listed"],
        hong_kong=[HONG_KONG, "905,HK,HKEX,stock,KITE,風箏,风筝,listed"],
    )
    assert list(found) == ["600902.SH", "00905.HK"]


def test_share_classes_are_securities_of_one_issuer(tmp_path: Path) -> None:
    found = listed(
        tmp_path,
        american=[
            AMERICAN,
            "ORRA,NYSE,stock,Orrin Inc. Class A Common Stock,Orrin,,,",
            "ORRB,NYSE,stock,Orrin Inc. Class B Common Stock,Orrin,,,",
            "ORRW,NYSE,stock,Orrin Inc. Warrants,Orrin,,,",
        ],
        hong_kong=[
            HONG_KONG,
            "00902,HK,HKEX,stock,KITE,,,listed",
            "80902,HK,HKEX,stock,KITE-R,,,listed",
        ],
        mainland=[MAINLAND, "000901,SZ,SZSE,stock,万湾A,,,listed", "200901,SZ,SZSE,stock,万湾B,,,"],
    )
    assert found["ORRA.US"] is found["ORRB.US"] is found["ORRW.US"]
    assert found["00902.HK"] is found["80902.HK"]
    assert found["000901.SZ"] is found["200901.SZ"]
    assert "Orrin Inc." in found["ORRA.US"].aliases_en


def test_like_names_are_not_one_issuer(tmp_path: Path) -> None:
    found = listed(
        tmp_path,
        hong_kong=[
            HONG_KONG,
            "00903,HK,HKEX,stock,KITE ELECTRONIC,風箏電子,风筝电子,listed",
            "00904,HK,HKEX,stock,KITE COMPANY,風箏,风筝,listed",
            "03003,HK,HKEX,fund,KITE INDEX FUND,,,listed",
        ],
        american=[AMERICAN, "KITE,NYSE,stock,Kite Gaming Corporation Common Stock,Kite Gaming,,,"],
    )
    assert len({issuer.entity_id for issuer in found.values()}) == 3
    assert "03003.HK" not in found


def test_what_is_left_of_a_name_without_its_form_must_be_a_name(tmp_path: Path) -> None:
    found = listed(
        tmp_path,
        american=[AMERICAN, "TBNK,NASDAQ,stock,The Bancorp Inc Common Stock,The,,,"],
        index=[INDEX, "ORRN,Orrin Motor Company,Orrin Motor,Autos,,,,"],
        indian=[INDIAN, "KITE,Kite Industries Ltd.- Old,Kite Industries|KITE"],
    )
    assert "The" not in found["TBNK.US"].aliases_en
    assert found["ORRN.US"].short_names == ("Orrin",)
    assert found["KITE.NS"].name_en == "Kite Industries Ltd."


def test_a_list_in_no_known_form_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "ticker,company", "ORRN,Orrin")
    with pytest.raises(IssuerListError, match="the first line must be"):
        read_issuers([path])


def test_the_issuers_that_come_with_tocsin_are_well_formed() -> None:
    found = read_issuers([ROOT / "pipeline" / "entities" / "issuers.csv"])
    assert len(found) > 450
    for issuer in found:
        for security in issuer.securities:
            assert "." in security.code or is_isin(security.code), issuer.entity_id
