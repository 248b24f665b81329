"""Why a page or a list did not come, in words, and whether asking again may help."""

from typing import Final

import OpenSSL.SSL
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.spidermiddlewares.httperror import HttpError
from service_identity import VerificationError
from twisted.python.failure import Failure

# Statuses that may pass; others are the page's answer.
_PASSING: Final = {408, 425, 429, 500, 502, 503, 504, 522, 524}


def is_final(failure: Failure) -> bool:
    """Whether asking again would bring the same: another answer than "not now", or too much."""
    status = _status(failure)
    if status is not None:
        return status not in _PASSING
    return isinstance(failure.value, IgnoreRequest | DownloadCancelledError)


def why(failure: Failure) -> str:
    """The cause for an operator."""
    status = _status(failure)
    if status is not None:
        return f"HTTP {status}"
    return words(failure.value)


def words(raised: BaseException | None) -> str:
    """What was raised in place of an answer, for an operator."""
    error = _innermost(raised)
    if isinstance(error, OpenSSL.SSL.Error):
        reasons = [str(part[-1]) for part in error.args[0]] if error.args else []
        return f"no trusted connection: {', '.join(reasons) or 'TLS failed'}"
    if isinstance(error, VerificationError):
        return "no trusted connection: the certificate is another site's"
    text = str(error) or type(error).__name__
    return "robots.txt forbids it" if text == "Forbidden by robots.txt" else text


def _status(failure: Failure) -> int | None:
    """The HTTP status that was the answer, if there was one."""
    error = failure.value
    return error.response.status if isinstance(error, HttpError) else None


def _innermost(error: BaseException | None) -> BaseException | None:
    """What Twisted and Scrapy wrapped: the last of the reasons why a response failed."""
    reasons = getattr(error and error.__cause__, "reasons", None)
    return reasons[-1].value if reasons else error
