"""Which network addresses a fetch may reach: public ones, and exact origins an operator named.

A page, a feed or a redirect can name any host, and a name can resolve to the machine itself, to a
neighbour or to a cloud's metadata service. So what is checked is the address that is about to be
connected to: `Guard.getaddrinfo` answers a connection's own look-up and leaves nothing private in
it. A second answer of the same name (DNS rebinding) is a second look-up and is checked again.
"""

import re
import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final
from urllib.parse import urlsplit

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
# Translated by a gateway to the IPv4 address in their last 32 bits (RFC 6052).
_NAT64: Final = IPv6Network("64:ff9b::/96")
# The many spellings of an IPv4 address that the C library takes: 2130706433, 0x7f.1, 0177.0.0.1.
_NUMERIC: Final = re.compile(r"(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+)){0,3}\.?", re.IGNORECASE)

AddressInfo = tuple[Any, Any, int, str, tuple[Any, ...]]
LookUp = Callable[..., Iterable[AddressInfo]]


class AddressRefused(OSError):
    """A fetch was headed where it may not go; the text says where and why."""


def origin(url: str) -> str:
    """`scheme://host:port` of an http(s) address, the port always written.

    Raises AddressRefused where it is no http(s) address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressRefused(f"not an address: {error}") from error
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise AddressRefused("not an http or https address")
    # A trailing dot names the same host.
    host = host.rstrip(".")
    bracketed = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{bracketed}:{port or _DEFAULT_PORTS[parts.scheme]}"


def literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that `host` spells out in any form the C library takes; None for a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        pass
    if not _NUMERIC.fullmatch(host):
        return None
    try:
        return IPv4Address(socket.inet_aton(host.rstrip(".")))
    except OSError:
        return None


def why_not_public(address: IPv4Address | IPv6Address) -> str | None:
    """What kind of non-public address this is, or None where it is public.

    IPv6 addresses that stand for an IPv4 one (mapped, 6to4, Teredo, NAT64) are judged as that one.
    """
    if isinstance(address, IPv6Address) and (inner := _embedded(address)) is not None:
        return why_not_public(inner)
    kinds = (
        ("an unspecified", address.is_unspecified),
        ("a loopback", address.is_loopback),
        ("a link-local", address.is_link_local),
        ("a multicast", address.is_multicast),
        ("a private", address.is_private),
        ("a site-local", isinstance(address, IPv6Address) and address.is_site_local),
        ("a reserved", address.is_reserved or not address.is_global),
    )
    kind = next((name for name, holds in kinds if holds), None)
    return f"{address} is {kind} address" if kind else None


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


class Guard:
    """The rule of one process: public addresses, and the origins that an operator allowed."""

    def __init__(self, allow_origins: Iterable[str], look_up: LookUp = socket.getaddrinfo) -> None:
        self._allowed = frozenset(origin(item) for item in allow_origins)
        self._allowed_endpoints = frozenset(_endpoint(item) for item in self._allowed)
        self._look_up = look_up
        # Why the last look-up of an endpoint was refused, for the message of whoever asked.
        self._refusals: dict[tuple[str, int], str] = {}

    def allows(self, url: str) -> bool:
        """Whether the operator named exactly this address's origin."""
        return origin(url) in self._allowed

    def check(self, url: str) -> None:
        """Raise AddressRefused where the address itself already says that it is not public.

        Names are not resolved here: that is `getaddrinfo`'s part, at the connection.
        """
        asked = origin(url)
        if asked in self._allowed:
            return
        host, port = _endpoint(asked)
        if (host, port) in self._allowed_endpoints:
            raise AddressRefused(f"{asked} is allowed under another scheme only")
        address = literal(host)
        if address is not None and (reason := why_not_public(address)):
            raise AddressRefused(reason)

    def getaddrinfo(self, host: str, port: int, *args: Any, **kwargs: Any) -> list[AddressInfo]:
        """`socket.getaddrinfo` for a connection: only addresses it may be made to.

        Raises AddressRefused where the name has addresses and none of them is public, and
        whatever the look-up raises.
        """
        found = list(self._look_up(host, port, *args, **kwargs))
        name = host.strip("[]").rstrip(".").lower()
        if (name, port) in self._allowed_endpoints:
            return found
        reasons = [why_not_public(ip_address(info[4][0])) for info in found]
        public = [info for info, reason in zip(found, reasons, strict=True) if reason is None]
        if found and not public:
            self._refusals[name, port] = f"{host} is refused: {reasons[0]}"
            raise AddressRefused(self._refusals[name, port])
        self._refusals.pop((name, port), None)
        return public

    def refusal(self, url: str) -> str | None:
        """Why the last look-up for this address was refused; None where it was not."""
        return self._refusals.get(_endpoint(origin(url)))


def _endpoint(of_origin: str) -> tuple[str, int]:
    parts = urlsplit(of_origin)
    return (parts.hostname or "").lower(), parts.port or 0
