"""Each way out against a real receiver: what arrives, that keys stay the same, and what is said when it does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace

import apprise
import pytest
from apprise.plugins.slack import NotifySlack
from tests.alerts.delivery.receivers import smtp_server, webhook
from tests.services.base import free_port

from lapwing.alerts.delivery.message import Message, unpack
from lapwing.alerts.delivery.ways import Undelivered, chat, pagerduty, send
from lapwing.model.delivery import Channel

MESSAGE = Message(
    key="abc",
    thread="incident-7",
    kind="opened",
    good=False,
    subject="[shop] Failed: 83, 18.5 expected. $1.29 k at stake – now",
    text="83 on Tue 20 Feb.\n",
    html="<p>83 on Tue 20 Feb.</p><img src='cid:chart'>",
    link="https://lapwing.example.com/incidents/7?as_of=2024-02-21T01:00",
    facts={"incidents": [{"id": "7"}]},
    chart=b"\x89PNG and so on",
)


def mail_to(port: int, **parts: object) -> Channel:
    usual: dict[str, object] = {
        "name": "mail",
        "type": "email",
        "smtp": ("127.0.0.1", port),
        "sender": "Lapwing <lapwing@example.com>",
        "to": ("ann@example.com", "Bö <bo@example.com>"),
        "security": "none",
    }
    return Channel(**{**usual, **parts})  # type: ignore[arg-type]


def test_an_email_with_its_chart() -> None:
    with smtp_server() as box:
        for _ in range(2):
            send(mail_to(box.port), MESSAGE, "lapwing.example.com")
    first, second = box.mails
    assert first["Subject"] == MESSAGE.subject
    assert first["To"] == "ann@example.com, Bö <bo@example.com>"
    assert first["Message-ID"] == second["Message-ID"] == "<abc@lapwing.example.com>"
    assert first["References"] == "<incident-7@lapwing.example.com>"
    plain = first.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().strip() == MESSAGE.text.strip()
    page = first.get_body(("html",))
    assert page is not None
    assert "cid:chart" in page.get_content()
    (picture,) = (part for part in first.walk() if part.get_content_type() == "image/png")
    assert picture.get_content() == MESSAGE.chart
    assert picture["Content-ID"] == "<chart>"


def test_a_long_subject_begins_on_the_line_of_its_name() -> None:
    subject = "[shop] Resolved: Failed orders, north of the river: 98, 4.8 expected. $1.86 k in all"
    with smtp_server() as box:
        send(mail_to(box.port), replace(MESSAGE, subject=subject), "h")
    assert box.subjects == [subject]


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("pagerduty://key@api", "Lapwing"),
        ("pagerduty://key@api?region=eu", "Lapwing"),
        ("pagerduty://key@api/billing", "billing"),
        ("pagerduty://key@api?source=billing", "billing"),
    ],
)
def test_pagerduty_is_told_who_says_it(url: str, source: str) -> None:
    """By what Apprise makes of the address: nothing can be sent there from here."""
    made = apprise.Apprise.instantiate(pagerduty(url, MESSAGE, "h"))
    assert made is not None
    assert vars(made)["source"] == source
    assert vars(made)["dedup"] == "incident-7@h"


def test_an_email_needs_the_right_password() -> None:
    with smtp_server(password="right") as box:
        send(mail_to(box.port, user="lapwing", password="right"), MESSAGE, "h")
        with pytest.raises(Undelivered, match="535") as caught:
            send(mail_to(box.port, user="lapwing", password="wrong"), MESSAGE, "h")
        assert caught.value.lasting
        assert "wrong" not in caught.value.says
    assert len(box.mails) == 1


@pytest.mark.parametrize(("answer", "lasting"), [("451 Later", False), ("552 Too large", True)])
def test_a_server_that_refuses(answer: str, lasting: bool) -> None:
    with smtp_server() as box:
        box.answers.append(answer)
        with pytest.raises(Undelivered, match=answer) as caught:
            send(mail_to(box.port), MESSAGE, "h")
    assert caught.value.lasting is lasting


def test_a_server_that_is_not_there_or_has_no_tls() -> None:
    with pytest.raises(Undelivered, match="does not take it") as caught:
        send(mail_to(free_port()), MESSAGE, "h")
    assert not caught.value.lasting
    with smtp_server() as box, pytest.raises(Undelivered, match="STARTTLS"):
        send(mail_to(box.port, security="starttls"), MESSAGE, "h")


def test_a_webhook_is_signed_and_keyed() -> None:
    with webhook() as hook:
        channel = Channel(name="hook", type="webhook", url=hook.url, secret="s3cret")
        send(channel, MESSAGE, "h")
        send(replace(channel, secret=None), MESSAGE, "h")
    first, second = hook.calls
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == "abc"
    wanted = hmac.new(b"s3cret", first.body, hashlib.sha256).hexdigest()
    assert first.headers["x-lapwing-signature"] == f"sha256={wanted}"
    assert "x-lapwing-signature" not in second.headers
    assert first.data["subject"] == MESSAGE.subject
    assert first.data["incidents"] == [{"id": "7"}]
    assert base64.b64decode(first.data["chart_png"]) == MESSAGE.chart


@pytest.mark.parametrize(("status", "lasting"), [(500, False), (503, False), (429, False), (404, True), (401, True)])
def test_a_webhook_that_refuses(status: int, lasting: bool) -> None:
    with webhook() as hook:
        hook.statuses.append(status)
        with pytest.raises(Undelivered, match=str(status)) as caught:
            send(Channel(name="hook", type="webhook", url=hook.url), MESSAGE, "h")
    assert caught.value.lasting is lasting


def test_all_others_by_apprise() -> None:
    """Apprise's own JSON webhook stands for Slack and its kin: the same library sends them."""
    with webhook() as hook:
        url = hook.url.replace("http://", "json://")
        send(Channel(name="chat", type="apprise", url=url), MESSAGE, "h")
        hook.statuses.append(500)
        with pytest.raises(Undelivered):
            send(Channel(name="chat", type="apprise", url=url), MESSAGE, "h")
    (call, _) = hook.calls
    assert call.data["title"] == MESSAGE.subject
    assert call.data["type"] == "warning"
    assert call.data["message"] == chat(MESSAGE, markdown=False)
    assert base64.b64decode(call.data["attachments"][0]["base64"]) == MESSAGE.chart
    with pytest.raises(Undelivered, match="does not know"):
        send(Channel(name="chat", type="apprise", url="nothing://x"), MESSAGE, "h")


def test_a_picture_that_slack_does_not_take_is_no_reason_to_post_the_text_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bot that may write, and not upload: that is said, and on record; a text that is refused is tried again."""
    answers = [{"ok": True, "channel": "C1"}, {"ok": False, "error": "missing_scope"}]
    with webhook() as hook:
        monkeypatch.setattr(NotifySlack, "api_url", hook.url + "/{}")
        monkeypatch.setattr(NotifySlack, "request_rate_per_sec", 0)
        hook.answers += [json.dumps(one).encode() for one in answers]
        slack = Channel(name="chat", type="apprise", url="slack://xoxb-1234-1234-abc124/C1")
        assert send(slack, MESSAGE, "h").startswith("Without its picture: ")
        assert [call.data["channel"] for call in hook.calls] == ["#C1"]
        hook.answers.append(b'{"ok": false, "error": "channel_not_found"}')
        with pytest.raises(Undelivered):
            send(slack, MESSAGE, "h")


def test_a_chat_gets_what_is_below_the_title() -> None:
    """Teams reads Markdown, in which lines that follow each other are one."""
    link = "https://lapwing.example.com/incidents/1"
    message = replace(MESSAGE, text=f"Failed: 83\n\n83 on Tue.\nMostly north.\n\nSince: Tue\n\n{link}\n", link=link)
    assert chat(message, markdown=False) == f"83 on Tue.\nMostly north.\n\nSince: Tue\n\n{link}"
    assert chat(message, markdown=True) == f"83 on Tue.\n\nMostly north.\n\nSince: Tue\n\n[Open]({link})"


def test_a_message_is_kept_whole() -> None:
    assert unpack(MESSAGE.pack()) == MESSAGE
    assert unpack(replace(MESSAGE, chart=None, link=None).pack()) == replace(MESSAGE, chart=None, link=None)
