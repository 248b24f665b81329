"""Tells a dead-man's switch outside that an alerts run came to its end.

The switch is a service (healthchecks.io and what works like it) that raises an alarm of its own
when nothing asks for its address any more: also where this whole machine is gone.
"""

import logging
from datetime import datetime
from typing import Final

from pipeline.alerts.delivery.failures import Undelivered
from pipeline.alerts.delivery.post import Post, judge
from pipeline.alerts.delivery.secrets import Secrets
from pipeline.netguard import Guard
from pipeline.settings import Settings
from pipeline.store import outages
from pipeline.store.connection import Connection, transaction

_TIMEOUT_S: Final = 5.0
_SETTING: Final = "TOCSIN_PING_URL"

_log = logging.getLogger(__name__)


def ping(link: Connection, conf: Settings, now: datetime) -> None:
    """Ask for the address of the settings, if there is one, and write down what came of it.

    It is an empty POST, to a public address or an origin that messages may go to. A switch that
    does not answer within five seconds stops nobody. `link` is in the role alerts. Raises
    StoreUnavailable.
    """
    if conf.ping_url is None:
        return
    # Whoever knows the address could keep the switch quiet.
    secrets = Secrets({_SETTING: conf.ping_url}.get)
    post = Post(Guard(conf.notify_allow_origins), _TIMEOUT_S)
    error = None
    try:
        judge(post(secrets(_SETTING), b"", {}), now)
    except Undelivered as failure:
        error = secrets.scrub(str(failure))
        _log.warning("the switch outside was not told: %s", error)
    with transaction(link) as cursor:
        outages.note_ping(cursor, now, error)
