"""The rules page: the rule in force in words, a form to change it, a preview, every version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console import pulse
from console.preview import LIMIT, Compared, Previews
from console.reader import Parts, PartsOf, Reader, ReaderOf
from console.rendering import render
from pipeline.alerts import rulebook
from pipeline.alerts.precision import precision
from pipeline.alerts.record import RULE_ID
from pipeline.alerts.rule_fields import Field, fields, read
from pipeline.alerts.rule_words import expects, label, option, sentences
from pipeline.alerts.rulebook import NotChanged, rule_of
from pipeline.alerts.rules import RuleError, SurgeRule
from pipeline.store import reading
from pipeline.store import rulebook as store
from pipeline.store.rulebook import Version

router = APIRouter(default_response_class=HTMLResponse)

_PAGE: Final = "/system/rules"
_MOST_FIELDS: Final = 400
_LONGEST_COMMENT: Final = 300
# Why an earlier version was not set in force again, in ?refused=.
_REFUSALS: Final = frozenset({"changed", "same", "outdated"})
_previews: Final = Previews()

Answers = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Row:
    """One field of the form."""

    field: Field
    label: str
    expects: str
    # As it was typed, or is in force.
    text: str
    # Value, name, and whether it is chosen.
    options: Sequence[tuple[str, str, bool]]
    wrong: bool


@dataclass(frozen=True)
class Draft:
    """A change that is being made."""

    based_on: int
    answers: Answers
    comment: str
    # Fields that cannot be used, by path.
    wrong: Mapping[str, str]
    # Why it was not saved, in the words of the catalogue.
    refused: str = ""
    preview: Compared | None = None
    # Whether a preview was asked for and none could be made.
    no_preview: bool = False


async def answers_of(request: Request) -> Answers:
    """Every field of a form, with all its values; the guard has capped its size."""
    body = (await request.body()).decode("utf-8", errors="replace")
    try:
        return parse_qs(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(422) from error


AnswersOf = Annotated[Answers, Depends(answers_of)]


@router.get(_PAGE)
def rules_page(request: Request, parts: PartsOf, reader: ReaderOf) -> Response:
    """The rule in force, the form, the versions."""
    return _page(request, parts, reader, None)


@router.post(_PAGE)
def change(request: Request, parts: PartsOf, reader: ReaderOf, answers: AnswersOf) -> Response:
    """Preview a change or put it in force. What cannot be used comes back as it was typed."""
    with parts.database.reading() as cursor:
        now = store.in_force(cursor, RULE_ID)
    if now is None:
        return RedirectResponse(_PAGE, 303)
    in_force = rule_of(now.body)
    rule, wrong = read(fields(in_force), answers)
    based_on, comment = _number(answers, "based_on"), _text(answers, "comment")
    draft = Draft(based_on, answers, comment, wrong)
    if rule is None:
        return _page(request, parts, reader, draft)
    if _text(answers, "do") == "preview":
        found = _previews.preview(parts, reader, in_force, rule)
        draft = Draft(based_on, answers, comment, {}, "", found, no_preview=found is None)
        return _page(request, parts, reader, draft)
    if not comment:
        return _page(request, parts, reader, Draft(based_on, answers, "", {}, "no_comment"))
    refused = _save(parts, rule, draft, reader.who)
    if refused:
        return _page(request, parts, reader, Draft(based_on, answers, comment, {}, refused))
    return RedirectResponse(_PAGE, 303)


@router.post(f"{_PAGE}/restore")
def restore(parts: PartsOf, reader: ReaderOf, answers: AnswersOf) -> Response:
    """Set an earlier version in force again, as a new one. Twice is once."""
    number, based_on = _number(answers, "version"), _number(answers, "based_on")
    with parts.database.reading() as cursor:
        versions = {one.version: one for one in store.history(cursor, RULE_ID)}
    if number not in versions:
        raise HTTPException(404)
    comment = reader.words("rules.again", version=number)
    try:
        rule = rule_of(versions[number].body)
    except RuleError:  # it was made when a rule had other fields
        return RedirectResponse(f"{_PAGE}?refused=outdated", 303)
    refused = _save(parts, rule, Draft(based_on, {}, comment, {}), reader.who)
    return RedirectResponse(f"{_PAGE}?refused={refused}" if refused else _PAGE, 303)


def _save(parts: Parts, rule: SurgeRule, draft: Draft, who: str) -> str:
    """Why the rule was not put in force; empty: it was."""
    with parts.database.writing() as link:
        try:
            rulebook.change(link, rule, draft.based_on, who, draft.comment)
        except NotChanged:
            now = rulebook.in_force(link)
            return "same" if rule_of(now.body) == rule else "changed"
    return ""


def _page(request: Request, parts: Parts, reader: Reader, draft: Draft | None) -> Response:
    clock = reader.clock
    with parts.database.reading() as cursor:
        beat = pulse.beat(cursor, parts, clock.now)
        versions = store.history(cursor, RULE_ID)
        feedback = [(row, precision(row)) for row in store.feedback(cursor, RULE_ID)]
        token = reading.state_token(cursor, clock.now)
    asked = request.query_params.get("refused")
    now = versions[0] if versions else None
    rule = rule_of(now.body) if now else None
    return render(
        request,
        reader,
        "rules.html",
        pulse.line(beat, reader),
        refused_rule=asked if asked in _REFUSALS else None,
        now=now,
        sentences=sentences(rule, reader.words, clock) if rule else [],
        groups=_groups(_rows(rule, draft, reader)) if rule else [],
        draft=draft,
        based_on=draft.based_on if draft else now.version if now else 0,
        feedback=feedback,
        versions=_versions(versions, rule, reader),
        limit=int(LIMIT.total_seconds()),
        longest_comment=_LONGEST_COMMENT,
        token=token,
    )


def _rows(rule: SurgeRule, draft: Draft | None, reader: Reader) -> list[Row]:
    rows = []
    for field in fields(rule):
        shown = field.chosen if field.kind == "choices" else [field.text]
        # A box that is not ticked is not sent.
        typed = draft.answers.get(field.path, ()) if draft else shown
        options = [(value, option(value, reader.words), value in typed) for value in field.options]
        wrong = draft is not None and field.path in draft.wrong
        words = reader.words
        text = typed[0] if typed else ""
        rows.append(Row(field, label(field, words), expects(field, words), text, options, wrong))
    return rows


def _groups(rows: Sequence[Row]) -> list[list[Row]]:
    """The fields of each table of the rule together."""
    return [
        list(group) for _, group in groupby(rows, lambda row: row.field.path.rpartition(".")[0])
    ]


def _versions(
    versions: Sequence[Version], rule: SurgeRule | None, reader: Reader
) -> list[tuple[Version, list[tuple[str, str, str]]]]:
    """Each version with what it changed, by the labels of the form."""
    named = {field.path: label(field, reader.words) for field in fields(rule)} if rule else {}
    return [
        (version, [(named.get(path, path), old, new) for path, old, new in changed])
        for version, changed in rulebook.steps(versions)
    ]


def _text(answers: Answers, name: str) -> str:
    return (answers.get(name) or [""])[0].strip()[:_LONGEST_COMMENT]


def _number(answers: Answers, name: str) -> int:
    """Raises HTTPException where it is none."""
    typed = _text(answers, name)
    if not typed.isdecimal() or len(typed) > 9:
        raise HTTPException(422)
    return int(typed)
