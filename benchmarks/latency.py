"""From an article that was fetched to its alert on the page, on real parts. Prints one JSON line.

    python benchmarks/latency.py [--surges 24] [--seconds 12] [--device cpu]

Kafka, PostgreSQL, a consumer with the classifier, Airflow with every DAG of `dags/` and the console
run on this machine, on ports and in a folder of their own. Small surges, each eight bad stories
about another made-up issuer from four publishers, are published some seconds apart, as a crawler
does. A page is open: it listens to `/events` and asks for the open alerts whenever they changed.

Each leg is told by the times the rows carry: `kafka` from the crawler's fetched_at of the article
that completed the evidence to Kafka's time, `consumer` to the transaction that stored it, `alerts`
to the alerts run that raised the alert, `page` to when the open page showed it; `all` is the whole.
"""

import argparse
import json
import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import httpx
import numpy as np
import psycopg2
from servers import _ENGLISH

from ops import machine
from ops.probe import free_port
from ops.supervise import Supervisor
from pipeline import settings
from pipeline.bus import Producer
from pipeline.messages import RAW_TOPIC, Publisher, RawArticle, article_id, encode
from pipeline.settings import Settings

PUBLISHERS = [Publisher(f"paper-{n}", f"Paper {n}", f"Owner {n}", "paper") for n in range(1, 5)]
EVENTS = (
    "{} defaults on its bonds after heavy losses",
    "{} under investigation for accounting fraud",
    "Auditor of {} resigns and warns of insolvency",
    "Shares of {} plunge as the regulator suspends trading",
    "{} cut to junk, lenders refuse to extend loans",
    "Court freezes assets of {} over unpaid debts",
    "Rating of {} downgraded as its losses widen",
    "{} recalls products after fatal fire, lawsuits follow",
)
# Seconds that the last surge may take, and the first minute's run.
PATIENCE_S = 180.0
LEGS = """
SELECT alert.subject, revision.fetched_at, revision.seen_at, score.scored_at, alert.detected_at
FROM alert
JOIN LATERAL (SELECT article_id FROM alert_evidence JOIN revision USING (article_id)
              WHERE alert_evidence.alert_id = alert.alert_id
                AND added_at = (SELECT min(added_at) FROM alert_evidence first
                                WHERE first.alert_id = alert.alert_id)
              ORDER BY revision.fetched_at DESC LIMIT 1) last ON true
JOIN revision ON revision.article_id = last.article_id AND rev = 1
JOIN score ON score.article_id = last.article_id AND score.rev = 1
WHERE alert.subject = ANY(%s)
"""


@dataclass
class Page:
    """An open page: when it first showed an alert on each subject."""

    url: str
    shown: dict[str, datetime] = field(default_factory=dict)

    def listen(self, until: threading.Event) -> None:
        """What the page's script does; over when the console closes the stream."""
        with httpx.Client(base_url=self.url, timeout=30, trust_env=False) as client:
            while not until.is_set():
                try:
                    with client.stream("GET", "/events") as stream:
                        for line in stream.iter_lines():
                            if line.startswith("event: alerts"):
                                self._look(client)
                            if until.is_set():
                                return
                except httpx.HTTPError:
                    time.sleep(0.5)

    def _look(self, client: httpx.Client) -> None:
        for alert in client.get("/api/alerts", params={"limit": 200}).json():
            self.shown.setdefault(alert["subject"], datetime.now(UTC))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--surges", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=12.0, help="between two, on average")
    parser.add_argument("--device", choices=["cpu", "cuda", "stub"], default="cpu")
    given = parser.parse_args()
    rng = random.Random(0)
    names = {f"made-up-{n}": name for n, name in enumerate(made_up(given.surges, rng))}
    load = [os.getloadavg()[0]]
    with running(given.device, names) as conf:
        page, over = Page(conf.console_url), threading.Event()
        listening = threading.Thread(target=page.listen, args=(over,), daemon=True)
        listening.start()
        ask = asker(conf)
        wait(lambda: bool(ask("SELECT 1 FROM heartbeat WHERE part = 'alerts'")))
        producer = Producer(conf.kafka_bootstrap)
        for name in names.values():
            publish(producer, name, rng)
            load.append(os.getloadavg()[0])
            time.sleep(rng.uniform(0.5, 1.5) * given.seconds)
        wait(lambda: names.keys() <= page.shown.keys())
        over.set()
        producer.close()
        times = ask(LEGS, list(names))
        runs = ask("SELECT count(*) FROM outage")[0][0]
    assert not runs, "nobody looked for alerts for minutes: this measures nothing"
    found = figures(given.surges, given.device, times, page.shown)
    print(json.dumps(found | {"load": spread(load)}))


def figures(surges: int, device: str, times: list[tuple], shown: dict[str, datetime]) -> dict:
    """p50 and p99 of every leg, of the alerts that came."""
    points = [(*row[1:], shown[row[0]]) for row in times if row[0] in shown]
    seconds = np.array([[(b - a).total_seconds() for a, b in pairwise(row)] for row in points])
    legs = dict(zip(("kafka", "consumer", "alerts", "page"), seconds.T, strict=True))
    legs["all"] = seconds.sum(axis=1)
    return {
        "device": device,
        "surges": surges,
        "on_the_page": len(points),
        **{
            f"{leg}_p{p}_s": round(float(np.quantile(taken, p / 100)), 2)
            for leg, taken in legs.items()
            for p in (50, 99)
        },
    }


def spread(load: list[float]) -> list[float]:
    """The machine's load at the start, and its least and most afterwards."""
    return [round(value, 1) for value in (load[0], min(load[1:]), max(load[1:]))]


def made_up(count: int, rng: random.Random) -> list[str]:
    """Names that no other text holds."""
    syllables = ("bra", "dol", "fen", "gar", "hol", "kes", "lun", "mor", "ner", "pel", "rus", "tov")
    stems: set[str] = set()
    while len(stems) < count:
        stems.add("".join(rng.choices(syllables, k=3)).title())
    return [f"{stem} Holdings" for stem in sorted(stems)]


def publish(producer: Producer, name: str, rng: random.Random) -> None:
    """Eight different bad stories about one issuer, as a crawler sends them."""
    words = sorted(set(_ENGLISH.read_text("utf-8").split()))
    sent = []
    for number, event in enumerate(EVENTS):
        title = event.format(name)
        text = " ".join(rng.choices(words, k=40))
        url = f"https://paper.example/{name.split()[0].lower()}/{number}"
        now = datetime.now(UTC)
        article = RawArticle(
            article_id=article_id(url),
            url=url,
            source_id=f"paper-{number % 4 + 1}",
            publisher=PUBLISHERS[number % 4],
            title=title,
            body=f"{title}, it said on Monday. {text}.",
            published_at=now,
            fetched_at=now,
        )
        sent.append(producer.send(RAW_TOPIC, article.article_id, encode(article)))
    for one in sent:
        one.result(timeout=30)


@contextmanager
def running(device: str, names: dict[str, str]) -> Iterator[Settings]:
    """Every part of `tocsin up`, with these issuers and no source, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tocsin-late-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        home.chmod(0o755)
        (home / "sources").mkdir()
        rows = ["entity_id,kind,name_en,name_zh,codes,sector,parent,aliases_en,aliases_zh"]
        rows += [f"{key},issuer,{name},{name},,,,," for key, name in names.items()]
        (home / "issuers.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        airflow = free_port()
        conf = replace(
            settings.load({}),
            home=home,
            kafka_port=free_port(),
            postgres_port=free_port(),
            airflow_port=airflow,
            airflow_url=f"http://127.0.0.1:{airflow}",
            console_port=free_port(),
            metrics_port=free_port(),
            device=device,
            source_dirs=(home / "sources",),
            issuer_files=(home / "issuers.csv",),
        )
        with Supervisor(home) as supervisor:
            for part in machine.parts(conf):
                supervisor.add(part)
            supervisor.start()
            yield conf


def asker(conf: Settings):
    """Rows of any statement."""
    link = psycopg2.connect(conf.database_url)
    link.autocommit = True

    def ask(statement: str, *values: object) -> list[tuple]:
        with link.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    return ask


def wait(done) -> None:
    """Until it is done, or the patience is over: what is missing then is told."""
    until = time.monotonic() + PATIENCE_S
    while not done() and time.monotonic() < until:
        time.sleep(0.2)


if __name__ == "__main__":
    main()
