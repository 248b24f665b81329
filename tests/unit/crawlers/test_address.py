import pytest

from crawlers.address import same_site, site
from pipeline.netguard import AddressRefused


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.example.com/a", "example.com"),
        ("http://news.example.co.uk:80/a", "example.co.uk"),
        ("https://www.hkma.gov.hk/eng", "hkma.gov.hk"),
        ("http://127.0.0.1:8101/a", "127.0.0.1:8101"),
        ("http://intranet/a", "intranet"),
        ("https://example.com:8443/", "example.com:8443"),
    ],
)
def test_a_site_is_the_registrable_domain_and_an_unusual_port(url: str, expected: str) -> None:
    assert site(url) == expected


def test_two_tenants_of_a_public_suffix_are_two_sites() -> None:
    assert not same_site("https://evil.co.uk/", "https://wire.co.uk/")
    assert not same_site("https://evil.github.io/", "https://wire.github.io/")


def test_another_port_of_one_machine_is_another_site() -> None:
    assert not same_site("http://127.0.0.1:8101/a", "http://127.0.0.1:8102/a")


def test_http_and_https_of_one_domain_are_one_site() -> None:
    assert same_site("http://www.example.com/a", "https://example.com/b")


def test_what_is_no_address_is_on_no_site() -> None:
    assert not same_site("javascript:alert(1)", "javascript:alert(1)")
    with pytest.raises(AddressRefused):
        site("mailto:a@example.com")
