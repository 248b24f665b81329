"""`tocsin risk`: score issuers, show a score with its drivers, and check what scores are worth."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipeline.cli.database import connected
from pipeline.cli.errors import CommandError
from pipeline.cli.terminal import plain

if TYPE_CHECKING:
    from pipeline.store.risk import HourScore
    from pipeline.wording.clock import Clock

risk = typer.Typer(help="The risk scores of issuers.", no_args_is_help=True)
Issuer = Annotated[str, typer.Argument(help="The issuer's id, name, code or alias.")]

# Marks that stand for 100 points.
_WIDTH: Final = 50


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(risk, name="risk")


@risk.command()
def run() -> None:
    """Score every issuer, as the Airflow DAG `risk` does every ten minutes; it may be repeated."""
    from pipeline.alerts.risk_run import score_issuers

    now = datetime.now(UTC)
    with connected("alerts") as link:
        done = score_issuers(link, now, now)
    print(f"{done.hours} hours scored: {done.issuers} issuers have a score in them.")


@risk.command()
def show(
    issuer: Issuer,
    hours: Annotated[int, typer.Option(min=1, max=24 * 90, help="So many hours back.")] = 24,
) -> None:
    """The newest score of an issuer, what it rests on, and its hours, the newest first."""
    from pipeline.alerts.issuers import issuer_called
    from pipeline.alerts.risk import hour_of
    from pipeline.alerts.risk_words import said
    from pipeline.settings import load
    from pipeline.store import risk as store
    from pipeline.store.connection import transaction
    from pipeline.wording.clock import Clock
    from pipeline.wording.words import Words

    words = Words("en")
    clock = Clock(load().zone, words, datetime.now(UTC))
    with connected("console") as link, transaction(link) as cursor:
        called = issuer_called(cursor, issuer)
        until = store.span(cursor).until
        if until is None:
            raise CommandError("No issuer was scored yet: say tocsin risk run.")
        first = hour_of(until) - timedelta(hours=hours - 1)
        kept = store.hours(cursor, called["entity_id"], first, until + timedelta(hours=1))
    last = kept[-1] if kept and kept[-1].hour == hour_of(until) else None
    score = f"{last.score:.0f}" if last else "0"
    title = f"{plain(called['name_en'])} ({called['entity_id']})"
    print(f"{title}: {score} of 100 as of {clock.exact(last.as_of if last else until)}")
    for driver in last.drivers if last else ():
        if driver["points"]:
            print(f"  +{driver['points']:>4.1f}  {said(driver, words)}")
    if not last:
        print(words("risk.none"))
    _print_hours(kept, clock)


@risk.command()
def check(
    days: Annotated[int, typer.Option(min=1, max=90, help="So many days back.")] = 30,
) -> None:
    """Compare the scores before alerts with those of ordinary hours, by what is known now.

    The onset of an alert is the beginning of its first surging window; found is when a run raised
    it. `exceeds` is the probability that such a score is higher than that of an ordinary hour: 0.50
    says nothing ahead.
    """
    from pipeline.alerts.risk_check import check as compare
    from pipeline.store.connection import transaction

    now = datetime.now(UTC)
    with connected("console") as link, transaction(link) as cursor:
        found = compare(cursor, now - timedelta(days=days), now)
    if found is None:
        print("Nothing to compare: there was no alert on an issuer, or no ordinary hour.")
        return
    print(
        f"{found.issuers} issuers with news, {found.ordinary_hours:,} ordinary hours:"
        f" median {found.ordinary_median:.1f}, 95 % at most {found.ordinary_95:.1f}."
    )
    for one in found.compared:
        print(
            f"{one.hours:+3d} h from {one.anchor}, {len(one.scores)} alerts:"
            f" median {one.median:.1f}, exceeds {one.exceeds:.2f}"
        )


def _print_hours(kept: "list[HourScore]", clock: "Clock") -> None:
    print()
    for row in reversed(kept):
        bar = "█" * max(1, round(row.score * _WIDTH / 100))
        print(f"  {clock.bare(row.hour):>13}  {row.score:>5.1f}  {bar}")
