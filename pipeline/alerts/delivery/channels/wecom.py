"""WeCom, by a group robot. https://developer.work.weixin.qq.com/document/path/91770"""

from typing import ClassVar, Final

import msgspec

from pipeline.alerts.delivery.answers import judge_code, post_json
from pipeline.alerts.delivery.layout import lay_out
from pipeline.alerts.delivery.message import Message
from pipeline.alerts.delivery.sending import Means, SecretName
from pipeline.alerts.delivery.simple_markdown import SIMPLE_MARKDOWN

# Of the text, in bytes of UTF-8.
_LONGEST: Final = 4_096
# Busy; too many messages.
_LATER: Final = frozenset({-1, 45009, 45033})


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A WeCom group. `url` names the secret that holds the robot's address."""

    per_minute: ClassVar[int] = 20
    shows_chart: ClassVar[bool] = False

    url: SecretName

    def send(self, message: Message, means: Means) -> None:
        """As Markdown, in which nobody is called."""
        text = lay_out(message, SIMPLE_MARKDOWN, _LONGEST, lambda made: len(made.encode()))
        body = {"msgtype": "markdown", "markdown": {"content": text}}
        answer = post_json(means, means.secret(self.url), body)
        judge_code(answer, "errcode", "errmsg", _LATER)
