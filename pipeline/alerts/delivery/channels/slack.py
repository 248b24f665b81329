"""Slack, by an incoming webhook.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from typing import Any, ClassVar, Final

import msgspec

from pipeline.alerts.delivery.answers import post_json
from pipeline.alerts.delivery.layout import Markup, lay_out
from pipeline.alerts.delivery.message import Message
from pipeline.alerts.delivery.sending import Means, SecretName

# Of one section's text, in characters.
_LONGEST: Final = 3_000
_ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def _escape(text: str) -> str:
    """Slack reads commands, mentions and links within <>; & begins its entities."""
    return text.translate(_ESCAPED)


def _link(words: str, address: str) -> str:
    # A bar would end the address early, and the address's own & are entities too.
    return f"<{_escape(address)}|{_escape(words).replace('|', '¦')}>"


MRKDWN: Final = Markup(text=_escape, strong=lambda text: f"*{_escape(text)}*", link=_link)


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Slack channel. `url` names the secret that holds the webhook's address."""

    per_minute: ClassVar[int] = 60
    shows_chart: ClassVar[bool] = False

    url: SecretName

    def send(self, message: Message, means: Means) -> None:
        """As one section of mrkdwn. `verbatim` leaves names and bare addresses alone."""
        text: dict[str, Any] = {
            "type": "mrkdwn",
            "text": lay_out(message, MRKDWN, _LONGEST),
            "verbatim": True,
        }
        body = {
            "text": _escape(message.subject),
            "blocks": [{"type": "section", "text": text}],
            "unfurl_links": False,
            "unfurl_media": False,
        }
        post_json(means, means.secret(self.url), body)
