import pytest
from OpenSSL import SSL
from scrapy.exceptions import DownloadCancelledError, DownloadFailedError, IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from service_identity import VerificationError
from twisted.python.failure import Failure
from twisted.web._newclient import ResponseFailed

from crawlers.failures import is_final, why


def failed(error: BaseException) -> Failure:
    return Failure(error)  # type: ignore[no-untyped-call]


def answered(status: int) -> Failure:
    return failed(HttpError(Response("https://news.example.com/", status=status)))


def wrapped(error: BaseException) -> Failure:
    """As Scrapy tells what went wrong on a connection."""
    try:
        raise DownloadFailedError("[<a failure>]") from ResponseFailed([failed(error)])
    except DownloadFailedError as told:
        return failed(told)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451])
def test_a_page_s_own_answer_is_final(status: int) -> None:
    assert is_final(answered(status))
    assert why(answered(status)) == f"HTTP {status}"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_not_now_is_not_final(status: int) -> None:
    assert not is_final(answered(status))


def test_what_may_not_be_asked_for_or_is_too_large_is_final_and_an_outage_is_not() -> None:
    assert is_final(failed(IgnoreRequest("robots.txt")))
    assert is_final(failed(DownloadCancelledError("larger than 5 MB")))
    assert not is_final(wrapped(ConnectionError("reset")))


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (failed(IgnoreRequest("Forbidden by robots.txt")), "robots.txt forbids it"),
        (failed(TimeoutError()), "TimeoutError"),
        (wrapped(ConnectionError("reset by peer")), "reset by peer"),
        (
            wrapped(SSL.Error([("SSL routines", "", "certificate verify failed")])),
            "no trusted connection: certificate verify failed",
        ),
        (wrapped(SSL.Error()), "no trusted connection: TLS failed"),
        (
            wrapped(VerificationError(errors=[])),
            "no trusted connection: the certificate is another site's",
        ),
    ],
)
def test_a_failure_is_told_in_words(failure: Failure, words: str) -> None:
    assert why(failure) == words
