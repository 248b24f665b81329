"""Whether the chain from Kafka to the analyst is whole, link by link."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from console import canary, pulse
from console.canary import Way
from console.pulse import Beat
from console.reader import Parts
from pipeline.alerts.phrases import STALE_AFTER
from pipeline.bus import BusError
from pipeline.messages import RAW_TOPIC
from pipeline.store import delivery, outages, system
from pipeline.store.connection import StoreUnavailable
from pipeline.store.delivery import Health
from pipeline.store.outages import Ping
from pipeline.topics import Unread
from sql.migrate import SchemaError

# The consumer says that it lives every few seconds, loading its model included in the rest.
_CONSUMER_SILENT: Final = timedelta(minutes=1)
# The courier comes every minute, and a rate limit holds nobody back for longer than this.
_UNSENT: Final = timedelta(minutes=10)
# An article is to be scored within a minute; a dump that is played may take its time.
_BEHIND: Final = timedelta(minutes=5)
# A switch outside that was not asked for so long is taken for one that was given up.
_GIVEN_UP: Final = timedelta(days=1)
_JUDGED: Final = ("alerts", "sources", "delivery", "outside", "canary")


@dataclass(frozen=True)
class Link:
    """One link of the chain."""

    name: str
    # None: it cannot be told, because a link before it is broken.
    ok: bool | None
    # What is known of it and, where it is broken, what to do.
    sentence: str


@dataclass(frozen=True)
class Probes:
    """Questions to the parts that are not the database; each answers within a few seconds."""

    kafka: Callable[[], bool]
    airflow: Callable[[], bool]
    # What of the articles' topic lies behind these offsets, by partition. Raises BusError.
    unread: Callable[[Mapping[int, int]], Unread]


def examine(parts: Parts, probes: Probes) -> list[Link]:
    """Every link in the order that news passes them."""
    settings, now = parts.settings, parts.now()
    kafka = _asked("kafka", probes.kafka(), settings.kafka_bootstrap)
    read_to: Mapping[int, int] = {}
    try:
        with parts.database.reading() as cursor:
            beat = pulse.beat(cursor, parts, now)
            hearts = {heart.part: heart.at for heart in system.heartbeats(cursor)}
            healths = delivery.health(cursor, now)
            asked = outages.ping(cursor)
            way = canary.way(cursor, now)
            read_to = system.read_to(cursor, RAW_TOPIC)
        stored = [
            Link("postgres", True, "answers"),
            Link("schema", True, "is this program's"),
            _consumer(hearts.get("consumer"), now),
            _unread(probes, read_to, now) if kafka.ok else _unknown("unread"),
        ]
        judged = [
            _alerts(beat),
            _sources(beat),
            _delivery(healths, hearts, now),
            _outside(asked, now),
        ]
        judged += _canary(way, now)
    except StoreUnavailable as error:
        stored = [Link("postgres", False, str(error))]
        stored += [_unknown(name) for name in ("schema", "consumer", "unread")]
        judged = [_unknown(name) for name in _JUDGED]
    except SchemaError as error:
        stored = [Link("postgres", True, "answers"), Link("schema", False, str(error))]
        stored += [_unknown(name) for name in ("consumer", "unread")]
        judged = [_unknown(name) for name in _JUDGED]
    if settings.airflow_url is None:
        airflow = Link("airflow", True, "is switched off (TOCSIN_AIRFLOW_URL)")
    else:
        airflow = _asked("airflow", probes.airflow(), settings.airflow_url)
    return [kafka, *stored, airflow, *judged]


def broken(links: list[Link]) -> Link | None:
    """The first broken link; None where the chain is whole."""
    return next((link for link in links if link.ok is False), None)


def _asked(name: str, answers: bool, where: str) -> Link:
    if answers:
        return Link(name, True, f"answers at {where}")
    return Link(name, False, f"does not answer at {where}. Start it with `tocsin up`.")


def _consumer(last: datetime | None, now: datetime) -> Link:
    if last is None:
        return Link("consumer", False, "has never run. Start it with `tocsin consume`.")
    seconds = int((now - last).total_seconds())
    if now - last > _CONSUMER_SILENT:
        said = f"said nothing for {seconds} s. Start it with `tocsin consume`, or read its log."
        return Link("consumer", False, said)
    return Link("consumer", True, f"worked {max(0, seconds)} s ago")


def _unread(probes: Probes, read_to: Mapping[int, int], now: datetime) -> Link:
    try:
        found = probes.unread(read_to)
    except BusError as error:
        return Link("unread", None, str(error))
    if not found.records:
        return Link("unread", True, "nothing waits in Kafka to be scored")
    waits = f"{found.records} articles wait in Kafka to be scored"
    if found.oldest is None:
        return Link("unread", None, f"{waits}; since when, Kafka does not say")
    seconds = max(0, int((now - found.oldest).total_seconds()))
    if now - found.oldest > _BEHIND:
        said = f"{waits}, the oldest for {seconds // 60} min. Add a consumer, or read its log."
        return Link("unread", False, said)
    return Link("unread", True, f"{waits}, the oldest for {seconds} s")


def _alerts(beat: Beat) -> Link:
    checked = beat.pulse.checked_at
    if checked is None:
        said = "were never checked. The Airflow DAG `alerts` does it, or `tocsin alerts run`."
        return Link("alerts", False, said)
    seconds = int((beat.at - checked).total_seconds())
    if beat.stale:
        limit = int(STALE_AFTER.total_seconds())
        said = f"were checked {seconds} s ago; {limit} s is the limit. Look at the DAG `alerts`."
        return Link("alerts", False, said)
    return Link("alerts", True, f"were checked {max(0, seconds)} s ago")


def _sources(beat: Beat) -> Link:
    watch = beat.watch
    counted = f"{watch.alive} of {len(watch.sources)} alive"
    if beat.wrong_sources:
        return Link("sources", False, beat.wrong_sources)
    if not watch.sources:
        return Link("sources", False, "none is set up. Add a file to a folder of TOCSIN_SOURCES.")
    if not watch.alive:
        said = f"{counted}. Run `tocsin crawl`, or look at what does: a DAG, or compose's crawler."
        return Link("sources", False, said)
    silent = ", ".join(_named(watch.silent))
    return Link("sources", True, f"{counted}; silent: {silent}" if silent else counted)


def _delivery(healths: Sequence[Health], hearts: Mapping[str, datetime], now: datetime) -> Link:
    told = [one for one in healths if one.enabled]
    if not told:
        return Link("delivery", True, "nobody is told. Say whom by `tocsin recipients import`.")
    worked = hearts.get("delivery")
    if worked and now - worked > _UNSENT:
        minutes = int((now - worked).total_seconds() // 60)
        said = f"nobody has sent anything for {minutes} min. Look at the DAG `deliver`."
        return Link("delivery", False, said)
    for one in told:
        if one.troubled:
            said = (
                f"{one.name} was not reached: {one.error}. Try `tocsin recipients test {one.name}`."
            )
            return Link("delivery", False, said)
        if one.waiting_since and now - one.waiting_since > _UNSENT:
            minutes = int((now - one.waiting_since).total_seconds() // 60)
            said = f"{one.name} waits for {one.waiting} messages, {minutes} min."
            return Link("delivery", False, f"{said} Look at the DAG `deliver`.")
    return Link("delivery", True, f"{len(told)} recipients, none of them in trouble")


def _outside(asked: Ping | None, now: datetime) -> Link:
    if asked is None or now - asked.asked_at > _GIVEN_UP:
        said = "nobody is told that alerts are checked. Set TOCSIN_PING_URL to a dead-man's switch."
        return Link("outside", True, said)
    if asked.error:
        said = f"the address of TOCSIN_PING_URL was not reached: {asked.error}"
        return Link("outside", False, said)
    seconds = int((now - asked.asked_at).total_seconds())
    return Link("outside", True, f"was told {max(0, seconds)} s ago that alerts were checked")


# What is told of a canary that stopped, by why it did.
_STOPPED: Final = {
    "no_flight": "none was published this hour. Look at the DAG `crawl`, or compose's crawler.",
    "not_stored": "it was published and is not in the database. Look at Kafka and the consumer.",
    "not_judged": "no alerts run found it negative, as it is. Look at the DAG `alerts`, the model.",
    "not_told": "its test channel did not take it. Look at the DAG `deliver`, the recipient.",
}


def _canary(way: Way | None, now: datetime) -> list[Link]:
    """A link for each leg of its way."""
    if way is None:
        return [Link("canary", None, "none has flown yet; `tocsin crawl` sends one an hour")]
    links = []
    for leg in way.legs:
        name = f"canary at {leg.name}"
        if leg.why:
            links.append(Link(name, False, _STOPPED[leg.why]))
        elif leg.took is not None and way.fetched_at is not None:
            took, age = leg.took.total_seconds(), int((now - way.fetched_at).total_seconds() // 60)
            links.append(Link(name, True, f"took {took:.1f} s, {age} min ago"))
        elif leg.name == "delivery" and not way.has_channel:
            links.append(Link(name, True, "no recipient has `canary = true`"))
        else:
            links.append(Link(name, None, "is on its way"))
    return links


def _named(silent: Sequence[tuple[str, object]]) -> Iterator[str]:
    yield from (name for name, _ in silent[:5])
    if len(silent) > 5:
        yield f"{len(silent) - 5} more"


def _unknown(name: str) -> Link:
    return Link(name, None, "cannot be told")
