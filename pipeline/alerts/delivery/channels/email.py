"""E-mail, by the mail server of the settings: text and HTML, with the chart beside."""

import smtplib
import ssl
from collections.abc import Iterable
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Annotated, ClassVar, Final

import msgspec
from markupsafe import Markup as Safe
from markupsafe import escape

from pipeline.alerts.delivery.failures import Refused, RetryLater
from pipeline.alerts.delivery.layout import PLAIN, Paragraph, Run, fit, lay_out
from pipeline.alerts.delivery.message import Message
from pipeline.alerts.delivery.sending import Means
from pipeline.mailserver import MAILBOX, MailServer

_LONGEST: Final = 200_000
_TIMEOUT_S: Final = 15.0
_QUOTED: Final = 200
_BODY: Final = "font:14px/20px sans-serif;color:#17202A;background:#FFFFFF;max-width:720px"


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One mailbox."""

    per_minute: ClassVar[int] = 60
    shows_chart: ClassVar[bool] = True

    to: Annotated[str, msgspec.Meta(pattern=f"^{MAILBOX.pattern}$", max_length=254)]

    def send(self, message: Message, means: Means) -> None:
        """As one mail whose Message-ID is the same for every attempt."""
        if means.mail is None:
            raise Refused("no mail server is set: set TOCSIN_SMTP_URL and TOCSIN_SMTP_FROM")
        try:
            _hand_over(_mail(message, self.to, means.mail), means.mail)
        except smtplib.SMTPRecipientsRefused as error:
            ((code, said),) = error.recipients.values()
            raise _judged(code, said) from None
        except smtplib.SMTPResponseException as error:
            raise _judged(error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPNotSupportedError as error:
            raise Refused(f"the mail server cannot do what it must: {error}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise RetryLater(f"mail server: {error or type(error).__name__}") from None


def _hand_over(mail: EmailMessage, server: MailServer) -> None:
    context = ssl.create_default_context()
    where = (server.host, server.port)
    with (
        smtplib.SMTP_SSL(*where, timeout=_TIMEOUT_S, context=context)
        if server.tls == "implicit"
        else smtplib.SMTP(*where, timeout=_TIMEOUT_S)
    ) as link:
        link.ehlo()
        secured = server.tls == "implicit"
        if not secured and link.has_extn("starttls"):
            link.starttls(context=context)
            link.ehlo()
            secured = True
        if server.user:
            if not secured:
                raise Refused("the mail server offers no TLS, and a password is not sent without")
            link.login(server.user, server.password)
        link.send_message(mail)


def _judged(code: int, said: bytes | str) -> Refused | RetryLater:
    """4yz is a passing trouble, 5yz is for good (RFC 5321, 4.2.1); 421 ends the connection."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    told = f"SMTP {code} {' '.join(text.split())[:_QUOTED]}"
    return RetryLater(told) if 400 <= code < 500 or code < 0 else Refused(told)


def _mail(message: Message, to: str, server: MailServer) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = message.subject
    mail["From"] = server.sender
    mail["To"] = to
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.key.hex}@{server.sender.rpartition('@')[2]}>"
    # Absences are not to answer to it (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(lay_out(message, PLAIN, _LONGEST))
    mail.add_alternative(_html(message), subtype="html")
    if message.chart:
        mail.add_attachment(
            message.chart.svg.encode(), maintype="image", subtype="svg+xml", filename="chart.svg"
        )
    return mail


def _html(message: Message) -> str:
    def write(paragraphs: Iterable[Paragraph]) -> str:
        parts = [Safe("<p>{}</p>").format(_lines(paragraph)) for paragraph in paragraphs]
        if message.chart:
            parts.insert(-1, Safe("<p>{}</p>").format(message.chart.caption))
        return Safe('<!DOCTYPE html><html lang="{}"><body style="{}">{}</body></html>').format(
            message.lang, _BODY, Safe("").join(parts)
        )

    return fit(message, write, lambda made: len(made) <= _LONGEST)


def _lines(paragraph: Paragraph) -> Safe:
    return Safe("<br>").join(Safe("").join(map(_run, line)) for line in paragraph)


def _run(run: Run) -> Safe:
    if run.address:
        made = Safe('<a href="{}" style="color:inherit">{}</a>')
        return made.format(run.address, run.words)
    return Safe("<strong>{}</strong>").format(run.words) if run.strong else escape(run.words)
