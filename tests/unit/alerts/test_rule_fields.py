"""A form for any rule: its fields come from its type, and answers are read as that type says."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
import pytest

from pipeline.alerts import rule_fields, rules
from pipeline.alerts.rule_fields import Field, fields, read
from pipeline.alerts.rule_words import expects, label, option, sentences
from pipeline.alerts.rulebook import body_of, differences, rule_of
from pipeline.wording.clock import Clock
from pipeline.wording.words import LANGUAGES, Words

RULE = rule_of(rules.shipped()["surge"])


def answers(**changed: list[str]) -> dict[str, list[str]]:
    """What a browser sends of the shipped rule, with some fields typed anew."""
    shown = {f.path: f.chosen if f.kind == "choices" else [f.text] for f in fields(RULE)}
    return shown | {path.replace("__", "."): typed for path, typed in changed.items()}


def test_what_is_shown_reads_back_as_the_same_rule() -> None:
    assert read(fields(RULE), answers()) == (RULE, {})
    assert rule_of(body_of(RULE)) == RULE


def test_a_new_field_shows_up_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    class Rumours(msgspec.Struct, frozen=True):
        p_negative: Annotated[float, msgspec.Meta(gt=0, lt=1)]
        tiers: frozenset[Literal["wire", "paper"]]
        enabled: bool

    class Wider(rules.SurgeRule, frozen=True, kw_only=True):
        rumours: Rumours

    wider = Wider(
        **{name: getattr(RULE, name) for name in RULE.__struct_fields__},
        rumours=Rumours(0.8, frozenset({"wire"}), True),
    )
    found = {field.path: field for field in fields(wider)}
    assert set(found["rumours.tiers"].options) == {"wire", "paper"}
    assert (found["rumours.enabled"].kind, found["rumours.p_negative"].high) == ("yes", 1)
    # It has no words yet: it is called as in the file.
    assert label(found["rumours.enabled"], Words("en")) == "rumours.enabled"
    monkeypatch.setattr(rule_fields.rulebook, "rule_of", lambda body: body)
    typed = answers(
        rumours__p_negative=["0.9"], rumours__tiers=["paper"], rumours__enabled=["False"]
    )
    body, wrong = read(list(found.values()), typed)
    assert not wrong
    assert body["rumours"] == {"p_negative": 0.9, "tiers": {"paper"}, "enabled": False}  # type: ignore[index]


def test_every_wrong_answer_is_named() -> None:
    typed = answers(
        alpha=["5"],
        windows_minutes=["15 7"],
        severity__0__stories=["many"],
        cold_start__stories=[],
        unwatched_topics=["weather"],
    )
    rule, wrong = read(fields(RULE), typed)
    assert rule is None
    assert wrong.keys() == {
        *("alpha", "windows_minutes", "severity.0.stories", "cold_start.stories"),
        "unwatched_topics",
    }


def test_what_is_wrong_with_the_whole_is_said_of_the_whole() -> None:
    rule, wrong = read(fields(RULE), answers(windows_minutes=["50, 60"]))
    assert rule is None
    assert "50 minutes does not divide a day" in wrong[""]


@pytest.mark.parametrize("typed", ["15 60", "15, 60", "15、60", " 15，60 "])
def test_lists_are_read_as_people_write_them(typed: str) -> None:
    rule, _ = read(fields(RULE), answers(windows_minutes=[typed]))
    assert rule is not None
    assert rule.windows_minutes == (15, 60)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_of_the_shipped_rule_has_words(language: str) -> None:
    words = Words(language)  # type: ignore[arg-type]
    for field in fields(RULE):
        assert label(field, words) != field.path
        assert expects(field, words) or field.options
        if language == "zh":
            assert all(option(name, words) != name for name in field.options), field.path


def test_the_rule_is_told_in_sentences() -> None:
    words = Words("en")
    rule = msgspec.structs.replace(RULE, alpha_within=1e-4)
    told = sentences(rule, words, Clock(ZoneInfo("UTC"), words, datetime.now(UTC)))
    assert told[0].startswith("A subject rings when a window of 15 min, 1 h, 6 h, 24 h holds 4 or")
    assert "rarer than 1 / 2,000 on ordinary days (1 / 10,000 within one topic" in told[0]
    assert "Critical: 10 stories or more, rarer than 1 / 100,000,000." in told
    assert any(one.startswith("One story is enough whose headline") for one in told)
    assert any(one.startswith("A slow burn rings where up to 10 days") for one in told)


def test_differences_name_what_changed_and_nothing_else() -> None:
    before = body_of(RULE)
    after = before | {"min_stories": 6, "unwatched_topics": before["unwatched_topics"][::-1]}
    after["cold_start"] = before["cold_start"] | {"stories": 9}
    assert differences(before, after) == [
        ("min_stories", "4", "6"),
        ("cold_start.stories", "5", "9"),
    ]


def test_a_type_without_a_form_is_refused_before_anybody_sees_it() -> None:
    with pytest.raises(TypeError, match="odd: no form field"):
        rule_fields._field("odd", None, dict[str, int])


def test_a_field_is_called_without_the_numbers_in_its_path() -> None:
    assert Field("severity.0.stories", "whole", 1, int).name == "severity_stories"
