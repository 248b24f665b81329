"""Rare words are those that our own lines hardly have."""

from pipeline.settings import ROOT
from pipeline.terms import common, keys, rare


def test_names_are_rare_and_what_they_do_is_not() -> None:
    assert rare("Zuberane shares fall after the bank cuts its dividend") == {"zuberane"}
    assert rare("遐琮银行宣布股息") >= {"遐琮"}
    assert "银行" not in rare("遐琮银行宣布股息")


def test_either_script_gives_the_same_words() -> None:
    assert rare("遐琮銀行違約") == rare("遐琮银行违约")


def test_the_numbers_of_words_fit_the_database_and_are_the_same_everywhere() -> None:
    numbers = keys("Zuberane 遐琮")
    assert len(numbers) == 2
    assert min(numbers) >= -(2**31)
    assert max(numbers) < 2**31
    assert keys("Zuberane") == {1_015_669_039}


def test_only_how_a_text_begins_tells_what_it_is_about() -> None:
    assert "zuberane" not in rare("word " * 200 + "Zuberane")


def test_the_list_is_that_of_the_corpus() -> None:
    """Else write it anew: pipeline/terms.py says how."""
    listed = (ROOT / "pipeline" / "common_terms.txt").read_text("utf-8").split()
    assert listed == common(ROOT / "models" / "corpus")
