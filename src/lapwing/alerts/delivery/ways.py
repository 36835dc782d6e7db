"""The ways out: e-mail and webhooks by ourselves, since both need keys that stay the same; all others by Apprise."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lapwing.alerts.delivery.message import Message
from lapwing.model.delivery import Channel

if TYPE_CHECKING:
    import apprise

MARKED = ("workflow", "workflows", "msteams")
"""Microsoft Teams: what comes as text is shown to it with a backslash before each point."""
POLICY = SMTP.clone(max_line_length=998)
"""Of e-mails: a subject that is longer than 78 characters stays on the line of its name (RFC 5322 allows 998); some programs
show none that begins on the next."""
TIME_LIMIT = 20.0
"""Seconds that a server may take to answer."""


class Undelivered(Exception):
    """It did not go out. `lasting`: trying again is of little use."""

    def __init__(self, says: str, *, lasting: bool = False) -> None:
        super().__init__(says)
        self.says = says
        self.lasting = lasting


def send(channel: Channel, message: Message, domain: str) -> str:
    """Sends a message; says what of it did not go with it, if anything. `domain` is that of the e-mails' ids.

    Raises:
        Undelivered: it did not go out, as far as one can tell.
    """
    match channel.type:
        case "email":
            _email(channel, message, domain)
        case "webhook":
            _webhook(channel, message)
        case _:
            return _apprise(channel, message, domain)
    return ""


def mail(channel: Channel, message: Message, domain: str) -> EmailMessage:
    """A message as an e-mail: its id is the same however often it is sent, and all of one incident are one thread."""
    out = EmailMessage(policy=POLICY)
    out["Subject"] = message.subject
    out["From"] = _address(channel.sender)
    out["To"] = [_address(one) for one in channel.to]
    out["Date"] = formatdate()
    out["Message-ID"] = f"<{message.key}@{domain}>"
    out["References"] = f"<{message.thread}@{domain}>"
    out["In-Reply-To"] = f"<{message.thread}@{domain}>"
    out["Auto-Submitted"] = "auto-generated"
    out.set_content(message.text)
    out.add_alternative(message.html, subtype="html")
    if message.chart is not None:
        (_, page) = out.iter_parts()
        assert isinstance(page, EmailMessage)
        page.add_related(message.chart, "image", "png", cid="<chart>", filename="chart.png", disposition="inline")
    return out


def _address(text: str) -> Address:
    name, address = parseaddr(text)
    return Address(name, addr_spec=address)


def _email(channel: Channel, message: Message, domain: str) -> None:
    assert channel.smtp is not None
    host, port = channel.smtp
    secure = ssl.create_default_context()
    try:
        opened = (
            smtplib.SMTP_SSL(host, port, timeout=TIME_LIMIT, context=secure)
            if channel.security == "tls"
            else smtplib.SMTP(host, port, timeout=TIME_LIMIT)
        )
        with opened as server:
            if channel.security == "starttls":
                server.starttls(context=secure)
            if channel.user is not None:
                server.login(channel.user, channel.password or "")
            server.send_message(mail(channel, message, domain))
    except smtplib.SMTPResponseException as error:
        says = f"{host} answered {error.smtp_code} {_plain(error.smtp_error)}."
        raise Undelivered(says, lasting=500 <= error.smtp_code < 600) from error
    except smtplib.SMTPRecipientsRefused as error:
        code, why = next(iter(error.recipients.values()))
        raise Undelivered(f"{host} refused the recipients: {code} {_plain(why)}.", lasting=code >= 500) from error
    except (ValueError, MessageError) as error:  # an address that can't be in a header
        raise Undelivered(f"The e-mail can't be written: {error}.", lasting=True) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(f"{host}:{port} does not take it: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    """Why the other side can't be reached, without numbers of the system's."""
    inner = getattr(error, "reason", None)
    inner = inner if isinstance(inner, Exception) else error
    return str(getattr(inner, "strerror", None) or inner or type(inner).__name__).rstrip(".")


def _plain(text: bytes | str) -> str:
    return (text.decode("utf-8", "replace") if isinstance(text, bytes) else text).strip().rstrip(".")


def body(message: Message) -> bytes:
    """A message as a webhook gets it."""
    chart = None if message.chart is None else base64.b64encode(message.chart).decode()
    data = {
        "key": message.key,
        "kind": message.kind,
        "subject": message.subject,
        "text": message.text,
        "url": message.link,
        **message.facts,
        "chart_png": chart,
    }
    return json.dumps(data, ensure_ascii=False).encode()


def _webhook(channel: Channel, message: Message) -> None:
    assert channel.url is not None
    data = body(message)
    headers = {"content-type": "application/json", "idempotency-key": message.key, "user-agent": "Lapwing"}
    if channel.secret is not None:
        headers["x-lapwing-signature"] = "sha256=" + hmac.new(channel.secret.encode(), data, hashlib.sha256).hexdigest()
    host = urlsplit(channel.url).hostname
    request = urllib.request.Request(channel.url, data, headers)  # noqa: S310 - http and https only, see the model's checks
    try:
        with urllib.request.urlopen(request, timeout=TIME_LIMIT):  # noqa: S310 - as above
            return
    except urllib.error.HTTPError as error:
        lasting = 400 <= error.code < 500 and error.code not in (408, 425, 429)
        error.close()
        raise Undelivered(f"{host} answered {error.code}.", lasting=lasting) from error
    except (OSError, HTTPException) as error:
        raise Undelivered(f"{host} does not take it: {_reason(error)}.") from error


def chat(message: Message, *, markdown: bool) -> str:
    """What a message says below its title. Markdown makes one paragraph of lines, so each becomes one, and the link a word."""
    title, _, rest = message.text.partition("\n\n")
    text = (rest or title).strip()
    if not markdown:
        return text
    lines = (line for line in text.splitlines() if line.strip())
    return "\n\n".join(f"[Open]({line})" if line == message.link else line for line in lines)


def pagerduty(url: str, message: Message, domain: str) -> str:
    """One incident there is one incident here, what resolves it here resolves it there, and it comes from us."""
    parts = urlsplit(url)
    more = [] if "dedup=" in parts.query else [f"action=map&dedup={message.thread}@{domain}"]
    if "source=" not in parts.query and not parts.path.strip("/"):
        more.append("source=Lapwing")
    return "&".join([url if parts.query or not more else f"{url}?", *more]).replace("?&", "?")


def _apprise(channel: Channel, message: Message, domain: str) -> str:
    try:
        import apprise
        from apprise.attachment.memory import AttachMemory
    except ModuleNotFoundError as error:
        says = "Channels of type apprise need more: pip install 'lapwing[delivery]'."
        raise Undelivered(says, lasting=True) from error
    assert channel.url is not None
    url = pagerduty(channel.url, message, domain) if channel.url.startswith("pagerduty://") else channel.url
    # Nothing of another's name, and no icon that a chat would load from elsewhere.
    ways = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Lapwing", app_desc="Lapwing", image_url_mask=""))
    if not ways.add(url):
        raise Undelivered("Apprise does not know such a URL.", lasting=True)
    taken = _noted(ways)
    marked = urlsplit(url).scheme in MARKED
    kind = apprise.NotifyType.SUCCESS if message.good else apprise.NotifyType.WARNING
    attachment = None
    if message.chart is not None:
        attachment = AttachMemory(content=message.chart, name="chart.png", mimetype="image/png")  # type: ignore[no-untyped-call]  # half typed
    with apprise.LogCapture(level=logging.WARNING) as said:  # type: ignore[no-untyped-call]  # as above
        sent = ways.notify(
            title=message.subject,
            body=chat(message, markdown=marked),
            notify_type=kind,
            body_format=apprise.NotifyFormat.MARKDOWN if marked else apprise.NotifyFormat.TEXT,
            attach=attachment,
        )
        why = said.getvalue().strip().splitlines()
    says = why[-1][-200:] if why else "Apprise could not send it."
    if not sent and urlsplit(url).scheme == "slack" and 0 < len(ways) <= len(taken):
        return f"Without its picture: {says}"  # trying again would post the text again
    if not sent:
        raise Undelivered(says)
    return ""


def _noted(ways: apprise.Apprise) -> set[object]:
    """Of Slack, fills up with the places that took the text: the picture is a message of its own, which may fail."""
    taken: set[object] = set()

    def noting(mark: Callable[..., None]) -> Callable[..., None]:
        def note(key: object, *more: object, **named: object) -> None:
            if isinstance(key, tuple) and key[0] == "message":
                taken.add(key)
            mark(key, *more, **named)

        return note

    for one in ways:
        one.mark_delivered = noting(one.mark_delivered)  # type: ignore[method-assign]  # of this one only
    return taken
