"""What has come through the demo so far, and whether it is what the newswire must lead to."""

import time
from dataclasses import dataclass
from typing import Final

from demo.expected import Verdict, judge
from pipeline.settings import Settings
from pipeline.store.connection import Connection, StoreUnavailable, connect
from pipeline.store.following import Flow, flow
from sql.migrate import SchemaError

# How long the expected alerts may take, and how long nothing else may follow them.
PATIENCE_S: Final = 600.0
QUIET_S: Final = 20.0
LOOK_EVERY_S: Final = 1.0


@dataclass
class Seen:
    """What flowed by the last look; None before the database is up."""

    flow: Flow | None = None
    # Seconds on the monotonic clock.
    first_alert: float | None = None
    right_since: float | None = None


class Watch:
    """Asks the database once a second what has come through."""

    def __init__(self, conf: Settings) -> None:
        self._conf = conf
        self._link: Connection | None = None
        self._looked = 0.0
        self.seen = Seen()

    def look(self) -> Flow | None:
        """The flow, at most a second old."""
        now = time.monotonic()
        if now - self._looked >= LOOK_EVERY_S:
            self._looked = now
            self._refresh(now)
        return self.seen.flow

    def verdict(self) -> Verdict:
        """How the alerts compare with those the newswire must raise."""
        return judge(self.seen.flow.alerts if self.seen.flow else ())

    def settled(self, begun: float) -> bool:
        """Whether the expected alerts have stood for a while, or it is too late for them."""
        now = time.monotonic()
        if now - begun > PATIENCE_S:
            return True
        return self.seen.right_since is not None and now - self.seen.right_since >= QUIET_S

    def _refresh(self, now: float) -> None:
        try:
            self._link = self._link or connect(self._conf.database_url, "console")
            self.seen.flow = flow(self._link)
        except (StoreUnavailable, SchemaError):
            # Not up yet, or on its way down: the table of parts says so.
            if self._link is not None:
                self._link.close()
            self._link = None
            return
        if self.seen.flow.alerts and self.seen.first_alert is None:
            self.seen.first_alert = now
        if not self.verdict().right:
            self.seen.right_since = None
        elif self.seen.right_since is None:
            self.seen.right_since = now
