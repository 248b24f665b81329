import socket
from ipaddress import ip_address
from typing import Any

import pytest

from pipeline.netguard import AddressRefused, Guard, literal, origin, why_not_public

PUBLIC = ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "::ffff:93.184.215.14", "64:ff9b::101:101"]

PRIVATE = {
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "0.0.0.0": "unspecified",  # noqa: S104
    "10.1.2.3": "private",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.168.1.1": "private",
    "169.254.169.254": "link-local",
    "100.64.0.1": "reserved",
    "100.100.100.200": "reserved",
    "198.18.0.1": "private",
    "224.0.0.1": "multicast",
    "240.0.0.1": "private",
    "255.255.255.255": "private",
    "::1": "loopback",
    "::": "unspecified",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "fc00::1": "private",
    "fd00:ec2::254": "private",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
    "::ffff:127.0.0.1": "loopback",
    "::ffff:169.254.169.254": "link-local",
    "64:ff9b::7f00:1": "loopback",
    "64:ff9b::a9fe:a9fe": "link-local",
    "2002:7f00:1::": "loopback",
    "2002:c0a8:101::1": "private",
    "2001:0:53aa:64c:0:0:3f57:fefe": "private",
}


def answers(*addresses: str) -> list[Any]:
    return [
        (
            socket.AF_INET6 if ":" in address else socket.AF_INET,
            socket.SOCK_STREAM,
            6,
            "",
            (address, 80),
        )
        for address in addresses
    ]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address: str) -> None:
    assert why_not_public(ip_address(address)) is None


@pytest.mark.parametrize(("address", "kind"), PRIVATE.items())
def test_every_other_address_is_refused_with_its_kind(address: str, kind: str) -> None:
    reason = why_not_public(ip_address(address))
    assert reason is not None
    assert kind in reason


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "127.1", "127.0.1", "127.0.0.1."],
)
def test_every_spelling_of_an_ipv4_address_is_read_as_the_c_library_reads_it(host: str) -> None:
    assert literal(host) == ip_address("127.0.0.1")
    with pytest.raises(AddressRefused, match="loopback"):
        Guard([]).check(f"http://{host}/")


@pytest.mark.parametrize("host", ["example.com", "1.2.3.4.example.com", "beef", "face.cafe", "a1"])
def test_names_are_no_literals(host: str) -> None:
    assert literal(host) is None


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.com/", "data:text/html,x", "//example.com/", "http:///x"],
)
def test_only_http_and_https_are_fetched(url: str) -> None:
    with pytest.raises(AddressRefused, match="http"):
        Guard([]).check(url)


def test_an_allowed_origin_is_exact_in_scheme_host_and_port() -> None:
    guard = Guard(["http://127.0.0.1:8101", "http://intranet:8101"])
    guard.check("http://127.0.0.1:8101/article")
    for url in (
        "http://127.0.0.1:8102/",
        "http://127.0.0.1/",
        "https://127.0.0.1:8101/",
        "http://127.0.0.2:8101/",
        "http://2130706433:8101/",
        "https://intranet:8101/",
    ):
        with pytest.raises(AddressRefused):
            guard.check(url)


def test_user_names_and_trailing_dots_hide_no_host() -> None:
    assert origin("http://example.com@127.0.0.1/") == "http://127.0.0.1:80"
    with pytest.raises(AddressRefused):
        Guard([]).check("http://example.com:80@127.0.0.1./")


def test_a_name_that_resolves_to_a_private_address_is_refused_with_both() -> None:
    guard = Guard([], lambda *_: answers("10.0.0.7"))
    with pytest.raises(AddressRefused, match=r"evil\.example.*10\.0\.0\.7 is a private"):
        guard.getaddrinfo("evil.example", 80)
    assert "10.0.0.7" in str(guard.refusal("http://evil.example/x"))


def test_of_a_mixed_answer_only_public_addresses_are_left_to_connect_to() -> None:
    guard = Guard([], lambda *_: answers("127.0.0.1", "93.184.215.14", "::1"))
    assert guard.getaddrinfo("mixed.example", 80) == answers("93.184.215.14")


def test_a_name_rebound_between_two_look_ups_is_refused_at_the_second() -> None:
    turns = iter([answers("93.184.215.14"), answers("127.0.0.1")])
    guard = Guard([], lambda *_: next(turns))
    assert guard.getaddrinfo("rebind.example", 80) == answers("93.184.215.14")
    with pytest.raises(AddressRefused):
        guard.getaddrinfo("rebind.example", 80)


def test_an_allowed_name_may_resolve_to_a_private_address_on_its_port_alone() -> None:
    guard = Guard(["http://intranet:8101"], lambda *_: answers("10.0.0.7"))
    assert guard.getaddrinfo("intranet", 8101) == answers("10.0.0.7")
    with pytest.raises(AddressRefused):
        guard.getaddrinfo("intranet", 8102)
