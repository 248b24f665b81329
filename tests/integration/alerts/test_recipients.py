"""`tocsin recipients`, as a person at a terminal sees it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.alerts.delivery.recipients import RecipientError
from pipeline.cli.errors import CommandError
from pipeline.cli.main import build
from tests.fixtures.services import Slack, serving
from tests.integration.alerts.world import World

pytestmark = pytest.mark.slow

FILE = """\
[desk]
channel = "slack"
to = { url = "DESK" }
language = "zh"
zone = "Asia/Hong_Kong"
severity = "high"
quiet = { start = "22:00", end = "07:00" }

[head]
channel = "email"
to = { to = "head@bank.example" }
alerts = false
digest = "08:00"
"""


@pytest.fixture(autouse=True)
def service(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    """The desk's chat; what it is reached by is in the environment."""
    with serving(Slack(datetime.now(UTC))) as found:
        assert isinstance(found, Slack)
        monkeypatch.setenv("TOCSIN_DATABASE_URL", world.url)
        monkeypatch.setenv("TOCSIN_NOTIFY_ALLOW_ORIGINS", found.origin)
        monkeypatch.setenv("TOCSIN_SECRET_DESK", found.url)
        monkeypatch.setenv("COLUMNS", "240")
        yield found


def tocsin(*words: str) -> Result:
    return CliRunner().invoke(build(), list(words))


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    path = tmp_path / "recipients.toml"
    path.write_text(FILE, encoding="utf-8")
    assert tocsin("recipients", "import", str(path)).output == (
        "2 of 2 recipients added or changed.\n"
    )
    return path


def test_a_file_goes_in_and_comes_out(imported: Path, tmp_path: Path) -> None:
    assert "0 of 2" in tocsin("recipients", "import", str(imported)).output
    out = tmp_path / "out.toml"
    tocsin("recipients", "export", "--out", str(out))
    assert out.read_text(encoding="utf-8") == tocsin("recipients", "export").output
    tocsin("recipients", "remove", "desk")
    assert "1 of 2" in tocsin("recipients", "import", str(out)).output
    assert out.read_text(encoding="utf-8") == tocsin("recipients", "export").output


def test_a_file_with_anything_wrong_changes_nothing(world: World, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(FILE.replace('"email"', '"pager"'), encoding="utf-8")
    said = tocsin("recipients", "import", str(path))
    assert isinstance(said.exception, RecipientError)
    assert world.ask("SELECT * FROM recipient") == []


def test_the_list_says_how_each_is_reached(imported: Path) -> None:
    said = tocsin("recipients", "list").output
    assert "desk" in said
    assert "never" in said
    assert "No recipients" not in said


def test_without_any_the_list_says_what_to_do() -> None:
    assert "tocsin recipients import FILE" in tocsin("recipients", "list").output


def test_a_test_reaches_the_recipient_in_its_language(imported: Path, service: Slack) -> None:
    assert tocsin("recipients", "test", "desk").output == "The message for desk was taken.\n"
    (request,) = service.requests
    assert "这是发给 desk 的测试消息" in service.show(request).text
    assert tocsin("alerts", "deliver").output == "Nothing to send.\n"


def test_a_test_that_fails_says_why_and_no_secret(imported: Path, service: Slack) -> None:
    service.mood = "refusing"
    said = tocsin("recipients", "test", "desk")
    assert isinstance(said.exception, CommandError)
    assert str(said.exception) == "desk was not reached: HTTP 403 invalid_token"
    assert "HTTP 403 invalid_token" in tocsin("recipients", "list").output
    service.mood = "well"
    tocsin("recipients", "test", "desk")
    assert "HTTP 403" not in tocsin("recipients", "list").output


def test_a_secret_that_is_not_set_is_named(imported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOCSIN_SECRET_DESK")
    said = tocsin("recipients", "test", "desk")
    assert "set TOCSIN_SECRET_DESK" in str(said.exception)


@pytest.mark.parametrize("command", ["test", "remove"])
def test_one_that_is_not_there_is_said_in_a_sentence(command: str) -> None:
    said = tocsin("recipients", command, "nobody")
    assert isinstance(said.exception, CommandError)
    assert "ecipient nobody" in str(said.exception)


def test_what_was_found_is_sent_by_a_command_too(
    imported: Path, service: Slack, world: World
) -> None:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    world.add(world.days(10, now))
    world.add(world.burst(12, now))
    tocsin("alerts", "run")
    assert tocsin("alerts", "deliver").output == "1 sent\n"
    assert service.requests[0].json["text"].startswith("【紧急】harbour：")
