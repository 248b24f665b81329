"""Any program, by a webhook signed as Standard Webhooks say.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final

import msgspec

from pipeline.alerts.delivery.failures import Refused
from pipeline.alerts.delivery.message import Entry, Message
from pipeline.alerts.delivery.post import judge
from pipeline.alerts.delivery.sending import Means, SecretName

_PREFIX: Final = "whsec_"


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An address that takes webhooks. `url` names its secret, `keys` those of its signing keys.

    Two keys while one is changed for another: both sign, and either is enough.
    """

    per_minute: ClassVar[int] = 60
    shows_chart: ClassVar[bool] = False

    url: SecretName
    keys: Annotated[tuple[SecretName, ...], msgspec.Meta(min_length=1, max_length=2)]

    def send(self, message: Message, means: Means) -> None:
        """As JSON; `webhook-id` is the same for every attempt."""
        body = msgspec.json.encode(_payload(message))
        identity, at = f"msg_{message.key.hex}", str(int(means.now().timestamp()))
        keys = [_key(name, means.secret(name)) for name in self.keys]
        headers = {
            "content-type": "application/json",
            "webhook-id": identity,
            "webhook-timestamp": at,
            "webhook-signature": sign(f"{identity}.{at}.".encode() + body, keys),
        }
        judge(means.post(means.secret(self.url), body, headers), means.now())


def sign(signed: bytes, keys: Sequence[bytes]) -> str:
    """One signature a key, each with the version of its method, a blank between them."""
    return " ".join(
        f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}"
        for key in keys
    )


def _key(name: str, secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(f"the key {name} is not base64 as {_PREFIX}… is") from None


def _payload(message: Message) -> dict[str, Any]:
    return {
        "type": f"alert.{message.kind}",
        "timestamp": message.at.isoformat(),
        "data": {
            "title": message.subject,
            "text": message.intro,
            "lang": message.lang,
            "alerts": [_alert(entry) for entry in message.entries],
            "note": message.foot,
        },
    }


def _alert(entry: Entry) -> dict[str, Any]:
    return {
        "alert_id": str(entry.alert_id),
        "severity": entry.severity,
        "subject": entry.subject,
        "title": entry.title,
        "state": entry.state,
        "why": entry.why,
        "url": entry.link,
        "evidence": [
            {
                "headline": story.headline,
                "publisher": story.publisher,
                "lang": story.lang,
                "url": story.link,
            }
            for story in entry.stories
        ],
    }
