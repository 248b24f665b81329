"""DingTalk, by a custom robot with a signature.

https://open.dingtalk.com/document/robots/custom-robot-access
"""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import ClassVar, Final
from urllib.parse import urlencode

import msgspec

from pipeline.alerts.delivery.answers import judge_code, post_json
from pipeline.alerts.delivery.layout import lay_out
from pipeline.alerts.delivery.message import Message
from pipeline.alerts.delivery.sending import Means, SecretName
from pipeline.alerts.delivery.simple_markdown import SIMPLE_MARKDOWN

# DingTalk takes bodies of 20,000 bytes.
_LONGEST: Final = 18_000
# Busy; too many messages, in its two ways to say so.
_LATER: Final = frozenset({-1, 130101, 410100})


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A DingTalk group. `url` and `key` name the secrets with the robot's address and key."""

    # Who sends more is shut out for ten minutes.
    per_minute: ClassVar[int] = 20
    shows_chart: ClassVar[bool] = False

    url: SecretName
    key: SecretName

    def send(self, message: Message, means: Means) -> None:
        """As Markdown, and without `at`: nobody is called."""
        text = lay_out(message, SIMPLE_MARKDOWN, _LONGEST, lambda made: len(made.encode()))
        body = {"msgtype": "markdown", "markdown": {"title": message.subject, "text": text}}
        url = means.secret(self.url)
        signed = _signature(means.secret(self.key), means.now())
        answer = post_json(means, f"{url}{'&' if '?' in url else '?'}{signed}", body)
        judge_code(answer, "errcode", "errmsg", _LATER)


def _signature(key: str, now: datetime) -> str:
    at = str(int(now.timestamp() * 1000))
    digest = hmac.new(key.encode(), f"{at}\n{key}".encode(), hashlib.sha256).digest()
    return urlencode({"timestamp": at, "sign": base64.b64encode(digest).decode()})
