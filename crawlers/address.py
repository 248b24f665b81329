"""Which site an address belongs to, so that no page speaks for another's article."""

from functools import cache
from typing import Final
from urllib.parse import urlsplit

from tldextract import TLDExtract

from pipeline.netguard import AddressRefused, literal, origin

_WEB_PORTS: Final = {80, 443}


def site(url: str) -> str:
    """The registrable domain of an http(s) address, or its host where it has none.

    A port other than the web's two is part of it: another port is another server. Raises
    AddressRefused where it is no http(s) address.
    """
    parts = urlsplit(origin(url))
    host = parts.hostname or ""
    domain = "" if literal(host) else _suffixes()(host).top_domain_under_public_suffix
    port = "" if parts.port in _WEB_PORTS else f":{parts.port}"
    return (domain or host) + port


def same_site(one: str, other: str) -> bool:
    """Whether two addresses belong to one site; what is no address belongs to none."""
    try:
        return site(one) == site(other)
    except AddressRefused:
        return False


@cache
def _suffixes() -> TLDExtract:
    # The list that comes with the package: nothing is fetched, nothing is written. Hosts that are
    # let to many, such as github.io, have as many sites as tenants.
    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
