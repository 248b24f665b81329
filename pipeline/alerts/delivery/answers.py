"""Posting JSON to chat services, and what their answers mean."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from pipeline.alerts.delivery.failures import Refused, RetryLater
from pipeline.alerts.delivery.post import Answer, judge
from pipeline.alerts.delivery.sending import Means


def post_json(
    means: Means, url: str, body: Any, headers: Mapping[str, str] | None = None
) -> Answer:
    """The answer of a service that took it. Raises RetryLater, Refused by the answer's status."""
    sent = {"content-type": "application/json; charset=utf-8", **(headers or {})}
    return judge(means.post(url, msgspec.json.encode(body), sent), means.now())


def judge_code(answer: Answer, code: str, text: str, later: Collection[int]) -> None:
    """Read an answer that says 200 to everything and its error in two fields of its JSON.

    Zero is success; a code in `later` raises RetryLater, any other, or none, Refused.
    """
    found = answer.fields()
    value = found.get(code)
    if value == 0:
        return
    if value is None:
        raise Refused(f"not the answer of this service: {answer.said}")
    said = f"{code} {value}: {str(found.get(text, ''))[:200]}"
    raise RetryLater(said) if value in later else Refused(said)
