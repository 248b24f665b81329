"""A part that is ready when it beats: the sign in the database that it works, not only runs."""

import time
from datetime import datetime
from typing import Final

from ops.command import Command
from ops.process import Launch
from pipeline.settings import Settings

# Seconds between two looks at the database.
ASK_EVERY: Final = 0.5


class Beating(Command):
    """A command that is ready once the heartbeat of its name has moved since its start."""

    def __init__(self, launch: Launch, settings: Settings, needs: tuple[str, ...]) -> None:
        super().__init__(launch, settings.home, needs, self._has_moved, start_timeout=180)
        self._settings = settings
        self._before: datetime | None = None
        self._asked = 0.0

    def start(self) -> None:
        self._before = self._last_beat()
        super().start()

    def _has_moved(self) -> bool:
        if time.monotonic() - self._asked < ASK_EVERY:
            return False
        self._asked = time.monotonic()
        last = self._last_beat()
        return last is not None and last != self._before

    def _last_beat(self) -> datetime | None:
        from pipeline.store.connection import StoreUnavailable, connect, transaction
        from pipeline.store.system import heartbeats

        try:
            link = connect(self._settings.database_url, "console")
        except StoreUnavailable:
            return None
        try:
            with transaction(link) as cursor:
                beats = {beat.part: beat.at for beat in heartbeats(cursor)}
        except StoreUnavailable:
            return None
        finally:
            link.close()
        return beats.get(self.name)
