"""Telegram, by a bot. https://core.telegram.org/bots/api#sendmessage"""

from typing import ClassVar, Final

import msgspec
from markupsafe import escape

from pipeline.alerts.delivery.failures import Refused, RetryLater
from pipeline.alerts.delivery.layout import Markup, lay_out
from pipeline.alerts.delivery.message import Message
from pipeline.alerts.delivery.post import judge, pause
from pipeline.alerts.delivery.sending import Means, SecretName
from pipeline.wording.text import unlinked

_API: Final = "https://api.telegram.org"
_LONGEST: Final = 4_096


def _text(text: str) -> str:
    # Telegram makes links of codes such as 9901.HK.
    return str(escape(unlinked(text)))


HTML: Final = Markup(
    text=_text,
    strong=lambda text: f"<b>{_text(text)}</b>",
    link=lambda words, address: f'<a href="{escape(address)}">{escape(words)}</a>',
)


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Telegram chat: its id, and the name of the secret that holds the bot's token."""

    # Of one group; a person takes more.
    per_minute: ClassVar[int] = 20
    shows_chart: ClassVar[bool] = False

    chat: str
    token: SecretName
    # Where the Bot API is served; another where one runs a server of one's own.
    api: str = _API

    def send(self, message: Message, means: Means) -> None:
        """As HTML, of which Telegram knows a few elements."""
        if self.api != _API and not means.post.guard.allows(self.api):
            # The token goes there.
            raise Refused(f"{self.api} is not named in TOCSIN_NOTIFY_ALLOW_ORIGINS")
        body = {
            "chat_id": self.chat,
            "text": lay_out(message, HTML, _LONGEST),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
        url = f"{self.api.rstrip('/')}/bot{means.secret(self.token)}/sendMessage"
        headers = {"content-type": "application/json"}
        answer = means.post(url, msgspec.json.encode(body), headers)
        parameters = answer.fields().get("parameters")
        after = parameters.get("retry_after") if isinstance(parameters, dict) else None
        if answer.status == 429 and isinstance(after, int):
            raise RetryLater(f"HTTP 429 {answer.said}", pause(after))
        judge(answer, means.now())
