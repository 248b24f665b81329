"""robots.txt as RFC 9309 has it: what cannot be read forbids everything for now."""

from typing import Any, Final

from scrapy import Request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from crawlers.failures import words

# As much as the standard asks for; what is beyond would only cost time, at every page.
MAX_BYTES: Final = 512 * 1024


class RobotsUnreachable(Exception):
    """A server does not say what may be asked for; the text says why not. It may pass."""


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's own would take a server in trouble for one that forbids nothing."""

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500:
            raise RobotsUnreachable(f"HTTP {response.status}")
        # The text of an error page is no rule.
        rules = response.body if response.status < 400 else b""
        if len(rules) > MAX_BYTES:
            rules = rules[: rules.rfind(b"\n", 0, MAX_BYTES) + 1]
        await super()._parse_robots(response.replace(body=rules), netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        if isinstance(exc, IgnoreRequest):
            super()._robots_error(exc, netloc)
            return
        parser, waiting = _Unreachable(words(exc)), self._parsers[netloc]
        self._parsers[netloc] = parser  # type: ignore[assignment]
        waiting.callback(parser)  # type: ignore[arg-type, union-attr]


class _Unreachable:
    """In the place of the rules that are not known."""

    def __init__(self, cause: str) -> None:
        self._cause = cause

    def allowed(self, _url: str, _agent: Any) -> bool:
        raise RobotsUnreachable(f"robots.txt cannot be read: {self._cause}")
