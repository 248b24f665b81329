"""Looks from another process whether alerts are looked for, and tells the operator when not.

Needs no Airflow. Console and consumer carry one each; both may notice at once, and either may be
started anew: what is told is a row of the outbox, which is there once and sent by one of them.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self

from pipeline.alerts.delivery.deliver import courier, now_in_utc
from pipeline.alerts.delivery.notify import enabled
from pipeline.alerts.delivery.routing import Plan
from pipeline.alerts.phrases import STALE_AFTER
from pipeline.settings import Settings
from pipeline.store import delivery, outages
from pipeline.store.connection import Connection, StoreUnavailable, connect, transaction
from sql.migrate import SchemaError

_EVERY_S: Final = 20.0
_TOLD: Final = ("unwatched", "watched")
# No further message is begun after so long; the next look goes on.
_SENDING: Final = timedelta(seconds=30)
# That alerts are looked for again is told so long.
_OVER_FOR: Final = timedelta(days=1)

_log = logging.getLogger(__name__)


class Watchman:
    """Looks every 20 seconds, in a thread of its own; use it as a context manager."""

    def __init__(self, settings: Settings, now: Callable[[], datetime] = now_in_utc) -> None:
        self._settings = settings
        self._now = now
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watchman", daemon=True)
        self._failed = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        # A message under way may be cut off then: it is sent again when its lease has ended.
        self._thread.join(1.0)

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
                self._failed = False
            except (StoreUnavailable, SchemaError) as error:
                if not self._failed:
                    _log.warning("Nobody watches the alerts run from here: %s", error)
                self._failed = True
            except Exception:
                # Its host has other work, and a thread that died silently would watch nothing.
                _log.exception("the watchman failed")
            self._stop.wait(_EVERY_S)

    def look(self) -> None:
        """Look once, and tell what there is to tell. Raises StoreUnavailable, SchemaError."""
        with closing(connect(self._settings.database_url, "watch")) as link:
            now = self._now()
            if note(link, now):
                courier(link, self._settings, self._now).run_beside(now + _SENDING, _TOLD)


def note(link: Connection, now: datetime) -> bool:
    """Note an outage and who is to be told what of it; whether such a message is due.

    `link` is in the role watch. Raises StoreUnavailable.
    """
    with transaction(link) as cursor:
        checked_at = outages.checked_at(cursor)
        if now - checked_at > STALE_AFTER:
            outages.begin(cursor, checked_at)
        outage = outages.latest(cursor)
        if outage is None or (outage.until and now - outage.until > _OVER_FOR):
            return False
        told = outages.told(cursor, outage.since)
        for name, recipient in enabled(cursor).items():
            if recipient.operator and (outage.until is None or name in told):
                kind = "watched" if outage.until else "unwatched"
                plan = Plan(name, recipient.channel, kind, "outage", outage.since, now)
                delivery.put(cursor, plan.values())
        return delivery.is_due(cursor, _TOLD, now)
