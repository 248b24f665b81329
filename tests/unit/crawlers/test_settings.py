from crawlers import settings
from crawlers.guard import guard_of
from crawlers.tick import scrapy_settings


def test_nothing_but_http_and_https_can_be_fetched() -> None:
    handlers = scrapy_settings(frozenset()).getwithbase("DOWNLOAD_HANDLERS")
    assert {scheme for scheme, path in handlers.items() if path} == {"http", "https"}


def test_nothing_listens_and_nothing_is_remote_controlled() -> None:
    made = scrapy_settings(frozenset())
    assert not made.getbool("TELNETCONSOLE_ENABLED")
    assert not made.getbool("REMOTE_CONTROL_ENABLED")


def test_robots_certificates_sizes_and_times_are_heeded() -> None:
    made = scrapy_settings(frozenset())
    assert made.getbool("ROBOTSTXT_OBEY")
    assert made.getbool("DOWNLOAD_VERIFY_CERTIFICATES")
    assert made.getint("DOWNLOAD_MAXSIZE") <= 8 * 1024 * 1024
    assert made.getfloat("DOWNLOAD_TIMEOUT") <= 30
    assert made.getfloat("DOWNLOAD_DELAY") >= 1


def test_the_guard_comes_before_every_other_middleware_and_answers_every_look_up() -> None:
    made = scrapy_settings(frozenset())
    base = made.get_component_priority_dict_with_base("DOWNLOADER_MIDDLEWARES")
    assert min(base, key=lambda name: base[name] or 0) == "crawlers.guard.GuardMiddleware"
    assert made["TWISTED_DNS_RESOLVER"] == "crawlers.guard.GuardedResolver"


def test_only_an_operator_s_own_origins_are_crawled_at_full_speed() -> None:
    made = scrapy_settings(frozenset({"http://127.0.0.1:8101"}))
    assert made.getdict("DOWNLOAD_SLOTS") == {
        "http://127.0.0.1:8101": {"concurrency": 8, "delay": 0.0, "jitter": 0.0}
    }


def test_one_rule_is_one_guard_so_that_refusals_are_found_again() -> None:
    assert guard_of(["http://127.0.0.1:8101"]) is guard_of(["http://127.0.0.1:8101"])
    assert guard_of([]) is not guard_of(["http://127.0.0.1:8101"])


def test_no_setting_is_a_leftover_of_another_name() -> None:
    from scrapy.settings import default_settings

    own = {name for name in vars(settings) if name.isupper()}
    assert own - set(vars(default_settings)) == {"CRAWL_ALLOW_ORIGINS"}
