"""Which requests are served."""

import pytest
from starlette.datastructures import Headers

from console.guard import HEADERS, refused


def status(method: str, **headers: str) -> int | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = refused(method, Headers(named))
    return answer.status_code if answer else None


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("127.0.0.1:18000", None),
        ("localhost", None),
        ("[::1]:18000", None),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:18000", 421),
        ("127.0.0.1@evil.example", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
def test_only_this_machines_names_are_answered_to(host: str, answer: int | None) -> None:
    assert status("GET", host=host) == answer


@pytest.mark.parametrize(
    ("origin", "fetch_site", "answer"),
    [
        ("http://127.0.0.1:18000", "same-origin", None),
        ("http://127.0.0.1:8101", "same-site", 403),
        ("https://evil.example", "cross-site", 403),
        ("null", "cross-site", 403),
        (None, "same-origin", None),
        (None, "none", 403),
        (None, None, 403),
    ],
)
def test_forms_of_other_sites_are_refused(
    origin: str | None, fetch_site: str | None, answer: int | None
) -> None:
    headers = {"origin": origin, "sec_fetch_site": fetch_site}
    given = {name: value for name, value in headers.items() if value is not None}
    assert status("POST", host="127.0.0.1:18000", content_length="0", **given) == answer


@pytest.mark.parametrize("length", ["16385", "many", "-1"])
def test_bodies_are_small_and_say_so(length: str) -> None:
    same = {"host": "127.0.0.1:18000", "origin": "http://127.0.0.1:18000"}
    assert status("POST", content_length=length, **same) == 413
    assert status("POST", **same) == 413


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    policy = HEADERS["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
