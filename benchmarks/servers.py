"""Real servers for the benchmarks that need them, and news that looks like news."""

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ops import jars
from ops.kafka import Kafka
from ops.pgwheel import programs
from ops.postgres import Postgres
from ops.probe import free_port
from ops.supervise import Supervisor
from pipeline import settings
from pipeline.entities.issuers import Issuer
from pipeline.messages import Publisher, RawArticle, Rights, article_id
from pipeline.topics import ensure_topics
from sql.migrate import migrate

# Words in no order: no two articles are near one another.
_ENGLISH = settings.ROOT / "pipeline" / "entities" / "everyday_en.txt"
_BODY_WORDS = 260
PUBLISHER = Publisher("harbour-ledger", "Harbour Ledger", "Harbour Media", "wire")


@dataclass(frozen=True)
class Servers:
    """Where they listen."""

    bootstrap: str
    database_url: str


@contextmanager
def servers() -> Iterator[Servers]:
    """A Kafka with our topics and a migrated PostgreSQL, gone afterwards."""
    conf = settings.load()
    libs, binaries = jars.fetch(conf.cache), programs(conf.cache)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        home.chmod(0o755)
        kafka, postgres = Kafka(home, free_port(), libs), Postgres(home, free_port(), binaries)
        with Supervisor(home) as supervisor:
            supervisor.add(kafka)
            supervisor.add(postgres)
            supervisor.start()
            ensure_topics(kafka.bootstrap)
            url = postgres.url("tocsin")
            migrate(url)
            yield Servers(kafka.bootstrap, url)


def articles(count: int, issuers: list[Issuer], seed: int = 0) -> list[RawArticle]:
    """Articles of about 2 KB that tell as many stories, each naming two issuers."""
    rng = random.Random(seed)
    words = sorted(set(_ENGLISH.read_text("utf-8").split()))
    named = [one for one in issuers if one.kind == "issuer"]
    found = []
    for number in range(count):
        url = f"https://ledger.example/{seed}/{number}"
        first, second = rng.sample(named, 2)
        text = " ".join(rng.choices(words, k=_BODY_WORDS))
        found.append(
            RawArticle(
                article_id=article_id(url),
                url=url,
                source_id=PUBLISHER.publisher_id,
                publisher=PUBLISHER,
                title=f"{first.name_en} misses payment as {' '.join(rng.choices(words, k=5))}",
                body=f"{second.name_en} said that {text}.",
                published_at=datetime.now(UTC),
                fetched_at=datetime.now(UTC),
                rights=Rights("licensed"),
            )
        )
    return found
