"""Wakes the alerts DAG as soon as something was scored, through Airflow's REST API.

The DAG runs every minute anyway: waking only makes it sooner, so no failure here stops anybody.
"""

import logging
import threading
from types import TracebackType
from typing import Any, Final, Self

import httpx

from pipeline.settings import Settings

# Name of the asset that the alerts DAG waits for. Not its address: Airflow respells addresses.
SCORES: Final = "tocsin-scores"
# Name of the asset that the DAG `deliver` waits for: messages may be waiting.
OUTBOX: Final = "tocsin-outbox"

# Nobody waits for the thread, so a slow Airflow may take its time.
_TIMEOUT_S: Final = 15.0
# Batches that follow each other faster than this wake it once.
_APART_S: Final = 1.0
# An Airflow that did not take it is asked again after so long.
_PAUSE_S: Final = 5.0

_log = logging.getLogger(__name__)


class Waker:
    """Posts asset events from a thread of its own; use it as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.airflow_url
        self._auth = settings.airflow_auth
        self._due = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="wake-alerts", daemon=True)
        self._token: str | None = None
        self._asset_id: int | None = None
        self._failed = False

    def __enter__(self) -> Self:
        if self._url:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._due.set()
        if self._url:
            # A word under way may be lost then: the minute run is the safety net.
            self._thread.join(1.0)

    def wake(self) -> None:
        """Ask for an alerts run. Returns at once and never raises."""
        self._due.set()

    def _work(self) -> None:
        with httpx.Client(base_url=self._url or "", timeout=_TIMEOUT_S, trust_env=False) as client:
            while not self._stop.is_set():
                self._due.wait()
                if self._stop.is_set():
                    return
                self._due.clear()
                if self._tell(client):
                    self._stop.wait(_APART_S)
                else:
                    self._due.set()
                    self._stop.wait(_PAUSE_S)

    def _tell(self, client: httpx.Client) -> bool:
        """Post one event; False where Airflow did not take it, with a line in the log at first."""
        try:
            if self._asset_id is None:
                self._asset_id = self._find(client)
            body = {"asset_id": self._asset_id, "extra": {}}
            self._ask(client, "POST", "/api/v2/assets/events", json=body)
        except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            # The asset may have another id by now, or the token have run out.
            self._asset_id = self._token = None
            if not self._failed:
                _log.warning("The alerts DAG was not woken (it runs every minute): %s", error)
            self._failed = True
        else:
            self._failed = False
        return not self._failed

    def _find(self, client: httpx.Client) -> int:
        found = self._ask(client, "GET", "/api/v2/assets", params={"name_pattern": SCORES})
        for asset in found["assets"]:
            if asset["name"] == SCORES:
                return int(asset["id"])
        raise ValueError(f"Airflow knows no asset {SCORES}; is the alerts DAG parsed yet?")

    def _ask(self, client: httpx.Client, method: str, path: str, **content: Any) -> Any:
        if self._auth and self._token is None:
            user, password = self._auth
            answer = client.post("/auth/token", json={"username": user, "password": password})
            self._token = str(answer.raise_for_status().json()["access_token"])
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        answer = client.request(method, path, headers=headers, **content)
        return answer.raise_for_status().json()
