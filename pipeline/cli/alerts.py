"""`tocsin alerts run`, `list`, `show`, `why`: raise alerts and read them without a browser."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import typer

from pipeline.cli.database import connected
from pipeline.cli.errors import CommandError
from pipeline.cli.kept import BECAUSE, kept_back
from pipeline.cli.terminal import plain
from pipeline.settings import load

if TYPE_CHECKING:
    from pipeline.alerts.phrases import Phrases
    from pipeline.store.shapes import Alert
    from pipeline.wording.clock import Clock


# After so long no further message is begun.
_SENDING: Final = timedelta(minutes=10)


# Windows that `why` shows at most.
_LOOKS: Final = 12


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(help="Raise alerts, and read them.", no_args_is_help=True)
    group.command("run")(run)
    group.command("deliver")(deliver)
    group.command("list")(list_)
    group.command("show")(show)
    group.command("why")(why)
    app.add_typer(group, name="alerts")


def run(
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"],
            help="Evaluate as of this time, such as 2026-11-22T08:30+08:00; now by default.",
        ),
    ] = None,
) -> None:
    """Evaluate what changed and raise alerts, as the Airflow DAG does every minute.

    It may be repeated at any time: an alert is raised once. Time never moves back: after a run for
    a later time, that time is evaluated.
    """
    from pipeline.alerts import run as alerts
    from pipeline.alerts.ping import ping
    from pipeline.alerts.rules import RuleError
    from pipeline.settings import load

    now = datetime.now(UTC)
    if as_of and as_of > now:
        raise CommandError(f"--as-of {as_of.isoformat()} lies in the future.", exit_code=2)
    with connected("alerts") as link:
        try:
            summary = alerts.run(link, as_of or now)
        except RuleError as error:
            raise CommandError(str(error)) from error
        ping(link, load(), now)
    print(
        f"As of {summary.as_of.isoformat(timespec='seconds')}: {summary.changes} changed buckets."
    )
    for reason, count in summary.reasons.most_common():
        print(f"  {count:>6} judged {reason.value}")
    for what, alert_ids in summary.events.items():
        for alert_id in alert_ids:
            print(f"  {what} {alert_id}")


def deliver() -> None:
    """Send what waits for its recipients, and the digests that are due, as the DAGs do.

    It may be repeated at any time: what was sent is not sent again.
    """
    from pipeline.alerts.delivery.deliver import send
    from pipeline.alerts.delivery.notify import plan_digests

    with connected("alerts") as link:
        plan_digests(link, datetime.now(UTC))
    outcomes = send(load(), _SENDING)
    told = ", ".join(f"{count} {state}" for state, count in outcomes.items())
    print(told or "Nothing to send.")


def list_(
    everything: Annotated[
        bool, typer.Option("--all", help="Resolved alerts too, not only open ones.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
) -> None:
    """The open alerts, newest first."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from pipeline.store import reading
    from pipeline.store.connection import transaction

    with connected("console") as link, transaction(link) as cursor:
        wanted = reading.Filter(state="all" if everything else "open", limit=limit)
        found = reading.alerts(cursor, wanted)
        checked_at = reading.pulse(cursor).checked_at
    phrases, clock = _speech()
    table = Table("alert", "what", "state", "began", "leading headline", box=None)
    for alert in found:
        # Headlines are other people's text: Text keeps their brackets from being markup.
        cells = (
            str(alert.alert_id)[:8],
            plain(phrases.title(alert)),
            phrases.state(alert),
            clock.short(alert.onset),
            plain(alert.lead_title),
        )
        table.add_row(*map(Text, cells))
    if found:
        Console().print(table)
    else:
        print("No alerts." if everything else "No open alerts.")
    print(f"Checked {clock.exact(checked_at)}." if checked_at else "Never checked yet.")


def show(
    alert: Annotated[str, typer.Argument(help="The alert's id, or the first digits of it.")],
) -> None:
    """One alert: why it was raised, its evidence and what happened to it."""
    from pipeline.alerts.history import leading
    from pipeline.store import reading
    from pipeline.store.connection import transaction

    phrases, clock = _speech()
    with connected("console") as link, transaction(link) as cursor:
        found = _find(reading.alerts(cursor, reading.Filter(state="all", limit=100_000)), alert)
        windows = reading.contributing(cursor, found.alert_id)
        rule = reading.rule_body(cursor, found.rule_id, found.rule_version)
        stories = reading.evidence(cursor, found.alert_id, "", 50)
        events = reading.timeline(cursor, found.alert_id)
    print(f"{plain(phrases.title(found))}   {phrases.state(found)}\n{found.alert_id}\n")
    why = phrases.why(found, leading(found, windows), rule) + phrases.beside(found, windows)
    print(*map(plain, why), sep=" ")
    print(f"\nEvidence ({len(stories)} stories)")
    for story in stories:
        gone = "same event as another" if story.merged else "withdrawn"
        note = f" [{gone if story.withdrawn else story.kind}]"
        print(
            f"  {clock.bare(story.occurred_at)}  {plain(story.publisher_name)}:"
            f" {plain(story.title)}{note if note != ' [report]' else ''}\n"
            f"    {plain(story.url)}   {story.p_negative:.2f} negative, {story.copies} copies"
        )
    print("\nTimeline")
    for event in events:
        print(f"  {clock.exact(event.at)}  {event.what} by {plain(event.actor)}")
    print(f"\nRule {found.rule_id} version {found.rule_version}, model {found.model_id}")


def why(
    issuer: Annotated[str, typer.Argument(help="The issuer's id, name, code or alias.")],
    at: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"],
            help="The 24 hours before this time, such as 2026-11-22T08:30+08:00; now by default.",
        ),
    ] = None,
) -> None:
    """Why there was, or was not, an alert: what was counted, what is usual, what was missing.

    Judges every window of the day by what is known now and by the rule as it is now. A line is the
    window of its length, of the issuer or of one topic, that came nearest.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from pipeline.alerts.surge import usual
    from pipeline.alerts.why import why as ask
    from pipeline.store.connection import transaction

    until = at or datetime.now(UTC)
    with connected("console") as link, transaction(link) as cursor:
        answer = ask(cursor, issuer, until)
    phrases, clock = _speech()
    print(f"{plain(answer.name)} ({answer.entity_id}), the 24 h to {clock.exact(until)}")
    print(f"Rule surge version {answer.rule_version}{'' if answer.enabled else ', switched off'}.")
    print(f"History: {answer.days} of {answer.needed} days.\n")
    table = Table("window", "to", "of", "stories", "publishers", "usual", "from", "so", box=None)
    for look in answer.looks[:_LOOKS]:
        low, high = usual(look.baseline)
        cells = (
            clock.window(int(look.window.total_seconds()) // 60),
            clock.bare(look.end),
            phrases.topic(look.topic) if look.topic else "all topics",
            str(look.observed),
            str(look.publishers),
            f"{low}–{high}",
            str(look.threshold),
            BECAUSE[look.reason.value],
        )
        table.add_row(*map(Text, cells))
    if answer.looks:
        Console().print(table)
    else:
        print("No negative story about it in that time.")
    if answer.burn:
        print(
            f"Slow burn: {answer.burn.score:.1f} of {answer.burn_from:g}, over the"
            f" {answer.burn.days} days to the last midnight UTC:"
            f" {answer.burn.negative} negative, {answer.burn.positive} positive stories."
        )
    for report in answer.reports:
        headline, trigger = report.headline, report.trigger
        print(
            f"{clock.bare(headline.at)}  {plain(headline.publisher)} ({headline.tier}):"
            f" {plain(headline.title)}\n"
            f"    “{trigger.phrase}” ({trigger.category}): {BECAUSE[report.reason.value]}"
        )
    for alert in answer.alerts:
        ended = f" ({alert.resolved_reason})" if alert.resolved_reason else ""
        print(
            f"Alert {str(alert.alert_id)[:8]} since {clock.exact(alert.onset)}:"
            f" {alert.state}{ended}, {alert.observed} stories,"
            f" surging until {clock.exact(alert.last_surge_at)}"
        )
    for silence in answer.silences:
        only = [*map(phrases.topic, silence.topics), *silence.severities]
        print(
            f"Silence from {clock.exact(silence.starts_at)} to {clock.exact(silence.until)}"
            f"{f' over {phrases.words.join(only)}' if only else ''},"
            f" by {plain(silence.made_by)}: {plain(silence.comment)}"
        )
    for kept in answer.suppressions:
        print(kept_back(kept, phrases))


def _find(alerts: "list[Alert]", start: str) -> "Alert":
    wanted = start.lower().replace("-", "")
    matching = [alert for alert in alerts if UUID(str(alert.alert_id)).hex.startswith(wanted)]
    if len(matching) != 1:
        few = "No alert has" if not matching else f"{len(matching)} alerts have"
        raise CommandError(f"{few} an id that begins with {start}; see tocsin alerts list --all.")
    return matching[0]


def _speech() -> "tuple[Phrases, Clock]":
    """English, in the zone of the settings."""
    from pipeline.alerts.phrases import Phrases
    from pipeline.wording.clock import Clock
    from pipeline.wording.words import Words

    words = Words("en")
    clock = Clock(load().zone, words, datetime.now(UTC))
    return Phrases(words, clock), clock
