"""Pieces become words as a reader sees them, with their places in the text as given."""

from models.pieces import words


def _shown(text: str, pieces: list[str | None]) -> list[str]:
    """The words of `text`, whose pieces follow one another (None: not of the text)."""
    spans, at = [], 0
    for piece in pieces:
        if piece is None:
            spans.append(None)
            continue
        at = text.index(piece, at)
        spans.append((at, at + len(piece)))
        at += len(piece)
    return [text[word.start : word.end] for word in words(text, spans)]


def test_pieces_of_one_latin_word_are_one_word() -> None:
    assert _shown("Harbour misses", ["Har", "bour", " miss", "es"]) == ["Harbour", "misses"]


def test_figures_names_and_elisions_are_not_torn() -> None:
    text = "HK$41.5bn, 3.5% at S&P's"
    pieces = ["HK", "$", "41", ".", "5", "bn", ",", " 3.", "5%", " at", " S", "&", "P", "'", "s"]
    assert _shown(text, pieces) == ["HK$41.5bn", ",", "3.5%", "at", "S&P's"]


def test_chinese_keeps_its_pieces_and_joins_the_latin_ones() -> None:
    text = "某地产商ABC涉2180万美元违约。"
    pieces = ["某", "地产", "商", "AB", "C", "涉", "2", "180", "万美元", "违约", "。"]
    shown = ["某", "地产", "商", "ABC", "涉", "2180", "万美元", "违约", "。"]
    assert _shown(text, pieces) == shown


def test_special_tokens_and_prefix_belong_to_no_word() -> None:
    found = words("loss", [None, None, (0, 2), (2, 4), None])
    assert [(word.start, word.end, word.positions) for word in found] == [(0, 4, (2, 3))]


def test_blanks_are_no_part_of_a_word_and_go_with_the_next() -> None:
    text = "银行\n 违约 "
    found = words(text, [(0, 2), (2, 4), (4, 6), (6, 7)])
    assert [text[word.start : word.end] for word in found] == ["银行", "违约"]
    assert [word.positions for word in found] == [(0,), (1, 2)]


def test_a_text_without_words_has_none() -> None:
    assert words("", [None, None]) == []
    assert words(" \n", [None, (0, 2), None]) == []


def test_pieces_of_one_character_are_one_word() -> None:
    found = words("银行", [(0, 1), (0, 1), (1, 2)])
    assert [(word.start, word.end, word.positions) for word in found] == [
        (0, 1, (0, 1)),
        (1, 2, (2,)),
    ]
