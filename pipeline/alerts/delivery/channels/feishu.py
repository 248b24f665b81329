"""Feishu and Lark, by a custom bot with a signature.

https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Final

import msgspec

from pipeline.alerts.delivery.answers import judge_code, post_json
from pipeline.alerts.delivery.layout import Paragraph, Run, fit
from pipeline.alerts.delivery.message import Message
from pipeline.alerts.delivery.sending import Means, SecretName

# Feishu takes bodies of 20 KB.
_LONGEST: Final = 19_000
# Too many messages; a trouble of its own.
_LATER: Final = frozenset({11232, 11233, 99991400, 1500, 2200})


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Feishu group. `url` and `key` name the secrets with the bot's address and signing key."""

    per_minute: ClassVar[int] = 100
    shows_chart: ClassVar[bool] = False

    url: SecretName
    key: SecretName

    def send(self, message: Message, means: Means) -> None:
        """As a rich post, whose pieces of text are shown as they are."""
        content = fit(message, _post, lambda made: len(msgspec.json.encode(made)) <= _LONGEST)
        signed = _signature(means.secret(self.key), means.now())
        body = {**signed, "msg_type": "post", "content": content}
        answer = post_json(means, means.secret(self.url), body)
        judge_code(answer, "code", "msg", _LATER)


def _signature(key: str, now: datetime) -> dict[str, str]:
    """The timestamp and the key are what is signed with; what is signed is empty."""
    at = str(int(now.timestamp()))
    digest = hmac.new(f"{at}\n{key}".encode(), b"", hashlib.sha256).digest()
    return {"timestamp": at, "sign": base64.b64encode(digest).decode()}


def _post(paragraphs: Iterable[Paragraph]) -> dict[str, Any]:
    lines: list[list[dict[str, str]]] = []
    for paragraph in paragraphs:
        if lines:
            lines.append([{"tag": "text", "text": ""}])
        lines += [[_piece(run) for run in line] for line in paragraph]
    # The language names the variant shown to whom; with one, everybody is shown it.
    return {"post": {"zh_cn": {"content": lines}}}


def _piece(run: Run) -> dict[str, str]:
    # Feishu's plain messages call people by <at …>; a post should not, but need not be tempted.
    words = run.words.replace("<", "＜")
    if run.address:
        return {"tag": "a", "text": words, "href": run.address}
    return {"tag": "text", "text": words}
