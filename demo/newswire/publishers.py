"""The five made-up publishers of the sample newswire: names, ports, addresses, local time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

HOST: Final = "127.0.0.1"
# The port of the first publisher; the others follow in the order of PUBLISHERS.
FIRST_PORT: Final = 8101


@dataclass(frozen=True)
class Publisher:
    """One newspaper and how its site is laid out."""

    publisher_id: str
    name: str
    # Of its pages.
    language: str
    # The zone its pages write their times in.
    zone: ZoneInfo
    # First part of an article's path, by kind.
    sections: Mapping[str, str]
    # End of an article's path.
    suffix: str
    # Character encoding its pages are sent in and declare.
    charset: str = "utf-8"
    # Whether the Content-Type header names the encoding, or only the page itself.
    charset_in_header: bool = True

    def path(self, kind: str, article_id: str) -> str:
        """The path of an article; it never changes, whatever happens to the title."""
        return f"/{self.sections[kind]}/{article_id}{self.suffix}"


PUBLISHERS: Final = {
    publisher.publisher_id: publisher
    for publisher in (
        Publisher(
            "harbour-ledger",
            "Harbour Ledger",
            "en",
            ZoneInfo("UTC"),
            {"news": "wire", "research": "research", "comment": "opinion"},
            "",
        ),
        Publisher(
            "south-channel-post",
            "South Channel Post",
            "en",
            ZoneInfo("Europe/London"),
            {"news": "business/story", "research": "research/story", "comment": "opinion/story"},
            "/",
        ),
        Publisher(
            "meridian-markets",
            "Meridian Markets",
            "en",
            ZoneInfo("Asia/Singapore"),
            {"news": "news", "research": "research", "comment": "opinion"},
            ".html",
        ),
        Publisher(
            "nanfang-caixun",
            "南方财讯",
            "zh-CN",
            ZoneInfo("Asia/Shanghai"),
            {"news": "a", "research": "yanbao", "comment": "pinglun"},
            ".html",
            charset="gb18030",
            charset_in_header=False,
        ),
        Publisher(
            "jinqiao-wang",
            "金桥财经网",
            "zh-CN",
            ZoneInfo("Asia/Shanghai"),
            {"news": "content", "research": "report", "comment": "review"},
            ".shtml",
        ),
    )
}


def consecutive(first: int = FIRST_PORT) -> tuple[int, ...]:
    """One port a publisher, counted up from `first`; five zeros for 0, which takes free ones."""
    return tuple(first + number if first else 0 for number in range(len(PUBLISHERS)))


def origins(ports: Sequence[int]) -> dict[str, str]:
    """`http://127.0.0.1:PORT` by publisher_id, for the given ports in the order of PUBLISHERS."""
    return {
        publisher_id: f"http://{HOST}:{port}"
        for publisher_id, port in zip(PUBLISHERS, ports, strict=True)
    }


def write_sources(folder: Path, ports: Sequence[int]) -> None:
    """Copy the publishers' source files to `folder`, their ports replaced by these."""
    shipped = origins(consecutive())
    folder.mkdir(parents=True, exist_ok=True)
    for publisher_id, served in origins(ports).items():
        text = (Path(__file__).parent / "sources" / f"{publisher_id}.yml").read_text("utf-8")
        (folder / f"{publisher_id}.yml").write_text(
            text.replace(shipped[publisher_id], served), encoding="utf-8"
        )
