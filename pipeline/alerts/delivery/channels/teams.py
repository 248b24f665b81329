"""Microsoft Teams, by a workflow that waits for a webhook request.

The message is an adaptive card of runs of text, which are shown as they are: in them nothing is
markup. https://adaptivecards.io/explorer/RichTextBlock.html
"""

from collections.abc import Iterable
from typing import Any, ClassVar, Final

import msgspec

from pipeline.alerts.delivery.answers import post_json
from pipeline.alerts.delivery.layout import Paragraph, Run, fit
from pipeline.alerts.delivery.message import Message
from pipeline.alerts.delivery.sending import Means, SecretName

# Teams takes cards of 28 KB, with what it wraps around them.
_LONGEST: Final = 24_000


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Teams channel or chat. `url` names the secret that holds the workflow's address."""

    per_minute: ClassVar[int] = 60
    shows_chart: ClassVar[bool] = False

    url: SecretName

    def send(self, message: Message, means: Means) -> None:
        """As one adaptive card."""
        body = fit(message, _envelope, lambda made: len(msgspec.json.encode(made)) <= _LONGEST)
        post_json(means, means.secret(self.url), body)


def _envelope(paragraphs: Iterable[Paragraph]) -> dict[str, Any]:
    blocks = [
        {
            "type": "RichTextBlock",
            "inlines": [_run(run) for run in line],
            "spacing": "None" if place else "Medium",
        }
        for paragraph in paragraphs
        for place, line in enumerate(paragraph)
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "msteams": {"width": "Full"},
        "body": blocks,
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


def _run(run: Run) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "TextRun", "text": run.words}
    if run.strong:
        made["weight"] = "Bolder"
    if run.address:
        made["selectAction"] = {"type": "Action.OpenUrl", "url": run.address}
    return made
