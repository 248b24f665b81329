"""Sends what the outbox holds: at least once, again after a passing trouble, and not for ever."""

import logging
import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pipeline import settings
from pipeline.alerts.delivery.composing import Composer
from pipeline.alerts.delivery.failures import RetryLater, Undelivered
from pipeline.alerts.delivery.notify import enabled, known
from pipeline.alerts.delivery.post import Post
from pipeline.alerts.delivery.recipients import Recipient
from pipeline.alerts.delivery.routing import Plan
from pipeline.alerts.delivery.secrets import Secrets
from pipeline.alerts.delivery.sending import Means
from pipeline.netguard import Guard
from pipeline.settings import Settings
from pipeline.sources import SourceError, load_sources
from pipeline.store import delivery as store
from pipeline.store.connection import Connection, StoreUnavailable, connect, transaction
from pipeline.store.delivery import Claimed, DeliveryState

# A message that was not taken within a day is no news any more.
GIVEN_UP_AFTER: Final = timedelta(days=1)
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=1)
# Whoever took a message on and died has not sent it: another may, after so long.
_LEASE: Final = timedelta(minutes=5)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Courier:
    """Sends messages until nothing is due or its time is over."""

    # In the role alerts.
    link: Connection
    means: Means
    secrets: Secrets
    composer: Composer
    # From 0 to 1, so that those who failed together do not come back together.
    jitter: Callable[[], float]

    def run(self, until: datetime) -> Counter[DeliveryState]:
        """How many messages came to what. Raises StoreUnavailable.

        Where another one is sending, nothing is done: that one sends what is new too. A recipient
        whose channel is in trouble is left alone until the next run.
        """
        with store.office(self.link) as taken:
            return self._send(until) if taken else Counter()

    def run_beside(self, until: datetime, kinds: Collection[str]) -> Counter[DeliveryState]:
        """As `run`, of these kinds, none about alerts, and also while another one is sending."""
        with transaction(self.link) as cursor:
            recipients = enabled(cursor)
        return self._work_off(recipients, until, kinds)

    def test(self, name: str) -> str | None:
        """Send a recipient a message that says it is a test; why it was not taken, if so.

        It counts like any other: a recipient that takes it is out of trouble. Raises KeyError where
        there is no such recipient, or one that cannot be used; StoreUnavailable.
        """
        now = self.means.now()
        with transaction(self.link) as cursor:
            recipient = known(cursor)[name]
            # Nobody else is to send it, unless we do not come to it.
            plan = Plan(name, recipient.channel, "test", "test", now, now + _LEASE)
            store.put(cursor, plan.values())
        claimed = Claimed(plan.delivery_id, name, plan.kind, plan.group_key, now, now, attempts=1)
        if self._deliver(claimed, recipient) == "sent":
            return None
        with transaction(self.link) as cursor:
            return next(one.error for one in store.health(cursor, now) if one.name == name)

    def _send(self, until: datetime) -> Counter[DeliveryState]:
        now = self.means.now
        with transaction(self.link) as cursor:
            recipients = known(cursor)
            kept = {row.name for row in store.recipients(cursor) if row.body.get("enabled", True)}
        store.forsake(self.link, kept, now(), now() - GIVEN_UP_AFTER)
        outcomes = self._work_off(recipients, until)
        store.beat(self.link, now())
        return outcomes

    def _work_off(
        self,
        recipients: Mapping[str, Recipient],
        until: datetime,
        kinds: Collection[str] | None = None,
    ) -> Counter[DeliveryState]:
        now = self.means.now
        open_to = {name: one.reached_by.per_minute for name, one in recipients.items()}
        outcomes: Counter[DeliveryState] = Counter()
        while now() < until:
            claimed = store.claim(self.link, open_to, now(), now() + _LEASE, kinds)
            if claimed is None:
                break
            state = self._deliver(claimed, recipients[claimed.recipient])
            outcomes[state] += 1
            if state == "waiting":
                del open_to[claimed.recipient]
        return outcomes

    def _deliver(self, claimed: Claimed, recipient: Recipient) -> DeliveryState:
        """Make one attempt, and write down what became of it."""
        try:
            with transaction(self.link) as cursor:
                message = self.composer.compose(cursor, claimed, recipient, self.means.now())
            if message is None:
                return self._settle(claimed, "dropped")
            recipient.reached_by.send(message, self.means)
        except Undelivered as error:
            return self._fail(claimed, error)
        except StoreUnavailable:
            raise
        except Exception as error:
            # One message that cannot be written or sent must not keep back all that follow.
            _log.exception("%s was not told (%s)", claimed.recipient, claimed.kind)
            return self._settle(claimed, "failed", f"a fault of Tocsin: {type(error).__name__}")
        return self._settle(claimed, "sent")

    def _fail(self, claimed: Claimed, error: Undelivered) -> DeliveryState:
        said, now = self.secrets.scrub(str(error)), self.means.now()
        _log.warning("%s was not told (%s): %s", claimed.recipient, claimed.kind, said)
        if isinstance(error, RetryLater):
            again = now + pause(claimed.attempts, error.after, self.jitter())
            if again < claimed.due_at + GIVEN_UP_AFTER:
                return self._settle(claimed, "waiting", said, again)
        return self._settle(claimed, "failed", said)

    def _settle(
        self,
        claimed: Claimed,
        state: DeliveryState,
        error: str | None = None,
        retry_at: datetime | None = None,
    ) -> DeliveryState:
        now = self.means.now()
        store.settle(self.link, claimed.delivery_id, now, state, error, retry_at)
        return state


def send(conf: Settings, within: timedelta) -> Counter[DeliveryState]:
    """Send what is due, beginning no further message after that time. Raises StoreUnavailable."""
    with closing(connect(conf.database_url, "alerts")) as link:
        return courier(link, conf).run(now_in_utc() + within)


def now_in_utc() -> datetime:
    return datetime.now(UTC)


def courier(link: Connection, conf: Settings, now: Callable[[], datetime] = now_in_utc) -> Courier:
    """The courier of these settings; `link` is in the role alerts, or watch for what that sends."""
    secrets = Secrets(settings.secret)
    post = Post(Guard(conf.notify_allow_origins))
    means = Means(post, secrets, conf.mail, now)
    try:
        sources = list(load_sources(conf.source_dirs))
    except SourceError:
        # They only tell the holes in charts, and the System page says what is wrong with them.
        sources = []
    return Courier(link, means, secrets, Composer(conf.link_base, sources), random.random)


def pause(attempts: int, asked: timedelta | None, jitter: float) -> timedelta:
    """How long to wait after so many attempts: twice as long each time, an hour at most.

    Longer by up to a half, by `jitter` from 0 to 1; never shorter than what was asked for.
    """
    doubled = _FIRST_PAUSE * (1 << min(attempts - 1, 10))
    own = min(doubled, _LONGEST_PAUSE) * (1 + jitter / 2)
    return max(own, asked or timedelta())
