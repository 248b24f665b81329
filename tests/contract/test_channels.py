"""Every channel keeps the same promises, against servers that answer as the real services do."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from pipeline.alerts.delivery.failures import Refused, RetryLater, Undelivered
from pipeline.alerts.delivery.post import Post
from pipeline.alerts.delivery.sending import Channel, Means, channel_names, channel_type
from pipeline.mailserver import MailServer
from pipeline.netguard import Guard
from tests.fixtures import messages_out as out
from tests.fixtures.mail import MailService, mail_serving
from tests.fixtures.services import (
    KEY,
    SERVICES,
    TOKEN,
    Apprise,
    DingTalk,
    Service,
    Slack,
    Webhook,
    WeCom,
    serving,
)

NAMES = [service.__name__.lower() for service in SERVICES]
TITLE = "[Critical] Meridian Harbour Bank 9901.HK: 9 negative stories in 1 h (usual 0–2)"
ZH_TITLE = "【紧急】海港银行 9901.HK：1小时负面报道9篇（平时0–2篇）"
ALERT_LINK = f"{out.CONSOLE}/alerts/{out.BANK.alert_id}"
HOSTILE = (
    "Bank <b>falls</b> [pay](http://evil.example/1) <http://evil.example/2|here> <!channel>"
    " <@U1> <at user_id='all'> @all https://evil.example/3 evil.example \u202e|x\n\n# y"
)


@pytest.fixture(params=[*SERVICES, MailService], ids=[*NAMES, "email"])
def service(request: pytest.FixtureRequest) -> Iterator[Service | MailService]:
    if request.param is MailService:
        with mail_serving(MailService()) as mail:
            yield mail
    else:
        with serving(request.param(out.NOW)) as found:
            yield found


class Sender:
    """A channel that points at a service."""

    def __init__(self, service: Service | MailService, allowed: bool = True) -> None:
        config: dict[str, Any] = {"to": "desk@bank.example"}
        secrets: dict[str, str] = {}
        origins, mail, name = [], None, "email"
        if isinstance(service, Service):
            config, secrets = service.config(), service.secrets()
            origins, name = [service.origin], type(service).__name__.lower()
        else:
            mail = MailServer("127.0.0.1", service.port, "offered", "", "", "tocsin@out.example")
        self.channel: Channel = msgspec.convert(config, channel_type(name))
        guard = Guard(origins if allowed else [])
        self.means = Means(Post(guard, timeout_s=1.0), secrets.__getitem__, mail, lambda: out.NOW)

    def __call__(self, message: Any = None) -> None:
        self.channel.send(message or out.message(), self.means)


def test_every_channel_is_under_this_contract() -> None:
    assert set(channel_names()) == {*NAMES, "email"}


def test_a_reader_sees_what_why_three_pieces_of_evidence_and_links(
    service: Service | MailService,
) -> None:
    Sender(service)()
    (request,) = service.requests
    shown = service.show(request)  # type: ignore[arg-type]
    text = shown.text.replace("\u2060", "")
    for said in (TITLE, *out.WHY, *(story.title for story in out.STORIES), "Harbour Ledger"):
        assert said.replace("<", "＜") in text or said in text
    assert "Machine-scored, not verified." in text
    assert set(shown.links) == {
        "https://ledger.example/a?b=1&c=2",
        "https://caixun.example/b",
        "https://post.example/c_%28d%29",
        ALERT_LINK,
    }


def test_chinese_readers_read_chinese(service: Service | MailService) -> None:
    Sender(service)(out.message(language="zh"))
    shown = service.show(service.requests[0])  # type: ignore[arg-type]
    assert ZH_TITLE in shown.text.replace("\u2060", "")
    assert "机器评分，未经核实" in shown.text


def test_a_headline_calls_nobody_and_leads_nowhere_but_to_its_article(
    service: Service | MailService,
) -> None:
    hostile = replace(out.STORY, title=HOSTILE, publisher_name="<@U2> https://evil.example/4")
    unsafe = replace(hostile, url="javascript:alert(1)")
    Sender(service)(out.message(out.found(stories=(hostile, unsafe))))
    shown = service.show(service.requests[0])  # type: ignore[arg-type]
    assert set(shown.links) == {"https://ledger.example/a?b=1&c=2", ALERT_LINK}
    assert shown.calls == []
    assert "\u202e" not in shown.text
    assert "Bank" in shown.text


def test_what_is_too_long_is_shortened_from_its_least_important_end(
    service: Service | MailService,
) -> None:
    long = replace(out.STORY, title="重" * 500, url="https://ledger.example/" + "a" * 900)
    many = [
        replace(found, why=("因" * 700,))
        for found in (
            out.found(number, (long,) * 3, severity="low", subject=f"s{number:02}")
            for number in range(2, 40)
        )
    ]
    Sender(service)(out.message(out.found(), *many))
    shown = service.show(service.requests[0])  # type: ignore[arg-type]
    text = shown.text.replace("\u2060", "")
    assert TITLE in text
    assert ALERT_LINK in shown.links
    assert "Machine-scored, not verified." in text


def test_a_busy_service_is_tried_again_when_it_says(service: Service | MailService) -> None:
    service.mood = "busy"
    with failing(service, RetryLater) as error:
        Sender(service)()
    expected = timedelta(seconds=service.wait) if service.wait else None
    assert error().after == expected


@pytest.mark.parametrize("mood", ["broken", "mute"])
def test_a_service_in_trouble_is_tried_again(service: Service | MailService, mood: Any) -> None:
    service.mood = mood
    with failing(service, RetryLater):
        Sender(service)()


def test_one_that_is_not_there_is_tried_again(service: Service | MailService) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    if isinstance(service, MailService):
        service.port = port
    else:
        service.origin = f"http://127.0.0.1:{port}"
    with failing(service, RetryLater):
        Sender(service)()


def test_a_wrong_token_or_recipient_is_not_tried_again(service: Service | MailService) -> None:
    service.mood = "refusing"
    with failing(service, Refused):
        Sender(service)()


@pytest.mark.parametrize("service", SERVICES, ids=NAMES, indirect=True)
class TestHttp:
    """What those promise that post to an address."""

    def test_a_redirect_is_not_followed(self, service: Service) -> None:
        service.mood = "moved"
        with serving(Slack(out.NOW)) as elsewhere:
            service.elsewhere = elsewhere.url
            with failing(service, Refused):
                Sender(service)()
            assert elsewhere.requests == []

    def test_a_private_address_is_refused_unless_it_is_allowed(self, service: Service) -> None:
        with failing(service, Refused):
            Sender(service, allowed=False)()
        assert service.requests == []

    def test_a_name_that_leads_to_a_private_address_is_refused(self, service: Service) -> None:
        service.origin = service.origin.replace("127.0.0.1", "localhost")
        with failing(service, Refused):
            Sender(service, allowed=False)()
        assert service.requests == []


@contextmanager
def failing(service: Service | MailService, kind: type[Undelivered]) -> Iterator[Any]:
    """What is inside fails in that way, and its error tells no secret."""
    caught: list[Undelivered] = []
    with pytest.raises(kind) as found:
        yield lambda: found.value
    caught.append(found.value)
    assert TOKEN not in str(caught[0])
    assert KEY not in str(caught[0])
    assert str(caught[0])


class TestWebhook:
    @pytest.fixture
    def webhook(self) -> Iterator[Webhook]:
        with serving(Webhook(out.NOW)) as found:
            assert isinstance(found, Webhook)
            yield found

    def test_either_of_two_keys_is_enough_while_one_is_changed(self, webhook: Webhook) -> None:
        sender = Sender(webhook)
        sender.channel = msgspec.convert(
            {"url": "URL", "keys": ["NEW", "KEY"]}, channel_type("webhook")
        )
        secrets = {**webhook.secrets(), "NEW": "whsec_bmV3"}
        sender.means = replace(sender.means, secret=secrets.__getitem__)
        sender()
        (request,) = webhook.requests
        assert len(request.headers["webhook-signature"].split(" ")) == 2

    def test_every_attempt_has_the_same_id(self, webhook: Webhook) -> None:
        sender = Sender(webhook)
        sender()
        sender()
        first, second = (request.headers["webhook-id"] for request in webhook.requests)
        assert first == second == f"msg_{out.KEY.hex}"

    def test_a_key_that_is_none_is_refused_by_its_name(self, webhook: Webhook) -> None:
        sender = Sender(webhook)
        secrets = {**webhook.secrets(), "KEY": "no key at all"}
        sender.means = replace(sender.means, secret=secrets.__getitem__)
        with pytest.raises(Refused, match="the key KEY"):
            sender()

    def test_it_carries_what_a_program_needs(self, webhook: Webhook) -> None:
        Sender(webhook)()
        body = webhook.requests[0].json
        assert body["type"] == "alert.opened"
        (alert,) = body["data"]["alerts"]
        assert (alert["alert_id"], alert["severity"]) == (str(out.BANK.alert_id), "critical")


class TestMail:
    @pytest.fixture
    def mail(self) -> Iterator[MailService]:
        with mail_serving(MailService()) as found:
            yield found

    def test_the_chart_is_attached_and_every_attempt_has_the_same_id(
        self, mail: MailService
    ) -> None:
        Sender(mail)(out.message(chart=True))
        (sent,) = mail.requests
        (chart,) = sent.iter_attachments()
        assert (chart.get_content_type(), chart.get_filename()) == ("image/svg+xml", "chart.svg")
        assert sent["Message-ID"] == f"<{out.KEY.hex}@out.example>"
        assert sent["Subject"] == TITLE
        assert "Each bar counts." in mail.show(sent).text

    def test_a_password_is_not_sent_without_tls(self, mail: MailService) -> None:
        sender = Sender(mail)
        server = MailServer("127.0.0.1", mail.port, "offered", "me", "pa55", "tocsin@out.example")
        sender.means = replace(sender.means, mail=server)
        with pytest.raises(Refused, match="no TLS"):
            sender()
        assert not any("AUTH" in line for line in mail.heard)

    @pytest.mark.parametrize("to", ["desk", "a@b\r\nBcc: c@d.example", "a@b, c@d", "<a@b>"])
    def test_a_mailbox_is_one_plain_address(self, to: str) -> None:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"to": to}, channel_type("email"))


def test_wecom_and_dingtalk_are_sent_twenty_a_minute_at_most() -> None:
    for service in (WeCom, DingTalk):
        assert channel_type(service.__name__.lower()).per_minute == 20


def test_an_address_that_apprise_does_not_know_is_refused() -> None:
    with serving(Apprise(out.NOW)) as service:
        sender = Sender(service)
        sender.means = replace(sender.means, secret={"URL": "nonsense://x"}.__getitem__)
        with pytest.raises(Refused, match="no such address"):
            sender()


def test_what_is_not_https_is_refused_unless_it_is_allowed() -> None:
    post = Post(Guard([], look_up=lambda *_: [(0, 0, 0, "", ("93.184.216.34", 80))]))
    with pytest.raises(Refused, match="is not https"):
        post("http://hooks.example/secret", b"", {})
