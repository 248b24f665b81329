"""An office that is told of alerts: a world, a chat service, and the courier between them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipeline.alerts.delivery.composing import Composer
from pipeline.alerts.delivery.deliver import Courier
from pipeline.alerts.delivery.post import Post
from pipeline.alerts.delivery.recipients import parse
from pipeline.alerts.delivery.secrets import Secrets
from pipeline.alerts.delivery.sending import Means
from pipeline.netguard import Guard
from pipeline.store import delivery as store
from pipeline.store.connection import connect
from tests.fixtures.services import Slack
from tests.integration.alerts.world import NOON, World

MINUTE = timedelta(minutes=1)
NOWHERE = "http://127.0.0.1:9"
DESK = {"channel": "slack", "to": {"url": "URL"}}


@dataclass
class Office:
    """A world, a chat service its recipients are reached by, and the courier between them."""

    world: World
    service: Slack
    at: datetime = NOON

    def enrol(self, name: str = "desk", **fields: Any) -> None:
        """Add or change a recipient."""
        body = DESK | fields
        parse(name, body)
        link = connect(self.world.url, "console")
        store.put_recipients(link, {name: body})
        link.close()

    def run(self, at: datetime) -> None:
        """An alerts run, then the sending."""
        self.world.run(at)
        self.send(at)

    def send(self, at: datetime, jitter: float = 0.0) -> Counter[str]:
        """One run of the courier whose clock shows that time."""
        with self.courier(at, jitter) as courier:
            return Counter(courier.run(at + MINUTE))

    @contextmanager
    def courier(self, at: datetime, jitter: float = 0.0) -> Iterator[Courier]:
        secrets = Secrets(self.service.secrets().get)
        post = Post(Guard([self.service.origin, NOWHERE]), timeout_s=1.0)
        means = Means(post, secrets, None, lambda: at)
        with self.world.connected() as link:
            composer = Composer("https://tocsin.example", [])
            yield Courier(link, means, secrets, composer, lambda: jitter)

    def told(self) -> list[str]:
        """The first line of every message that was taken."""
        return [
            self.service.show(request).text.split("\n")[0].strip("*")
            for request in self.service.requests
        ]

    def deliveries(self) -> list[dict[str, Any]]:
        return self.world.ask("SELECT * FROM delivery ORDER BY due_at, recipient, kind")
