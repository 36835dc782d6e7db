"""channels: and subscriptions: in lapwing.yaml: what is right, and what is said of what is not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lapwing.model.delivery import Digest, Escalation, QuietHours
from lapwing.model.load import check_files, load
from lapwing.model.problem import Problem

RIGHT = """
name: p
base_url: https://lapwing.example.com/
channels:
  mail: {type: email, smtp: "smtp.example.com:587", from: Lapwing <l@example.com>, to: a@example.com, password: "${P}"}
  hook: {type: webhook, url: "https://example.com/x"}
  chat: {type: apprise, url: "${CHAT}"}
subscriptions:
  plain: {channels: mail}
  daily: {channels: [mail, chat], when: "daily 8:05", slice: {gift: true}}
  weekly: {channels: chat, when: "Monday 08:00", person: " Ann "}
  ops: {channels: hook, quiet_hours: "22:00-07:00", escalate: {after: 30 minutes, to: [chat]}}
"""
HOOK = 'channels: {m: {type: webhook, url: "https://x"}}\nsubscriptions: '
ENVIRON = {"P": "secret", "CHAT": "slack://a/b/c"}


def problems(tmp_path: Path, text: str) -> tuple[Problem, ...]:
    (tmp_path / "lapwing.yaml").write_text(f"name: p\n{text}")
    return check_files(tmp_path, ENVIRON)[1]


def test_what_is_right(tmp_path: Path) -> None:
    (tmp_path / "lapwing.yaml").write_text(RIGHT)
    found = load(tmp_path, ENVIRON).delivery
    assert found.base_url == "https://lapwing.example.com"
    mail = found.channels["mail"]
    assert (mail.smtp, mail.sender, mail.to) == (
        ("smtp.example.com", 587),
        "Lapwing <l@example.com>",
        ("a@example.com",),
    )
    assert (mail.password, mail.security) == ("secret", "starttls")
    assert "secret" not in repr(mail)
    assert "slack" not in repr(found.channels["chat"])
    of = found.subscriptions
    assert (of["plain"].digest, of["plain"].quiet, of["plain"].escalation) == (None, None, None)
    assert (of["daily"].digest, of["daily"].slice) == (Digest(minute=485), {"gift": "true"})
    assert (of["weekly"].digest, of["weekly"].person) == (Digest(minute=480, weekday=0), "Ann")
    assert of["ops"].quiet == QuietHours(start=1320, end=420)
    assert of["ops"].escalation == Escalation(after=timedelta(minutes=30), channels=("chat",))


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("channels: {m: {type: email, smtp: nowhere, from: a@b, to: a@b}}", "bad-address", 2),
        ('channels: {m: {type: email, smtp: "h:25", from: nobody, to: a@b}}', "bad-address", 2),
        ('channels: {m: {type: email, smtp: "h:25", from: a@@b, to: a@b}}', "bad-address", 2),
        ('channels: {m: {type: email, smtp: "h:25", from: a@b, to: [a@b, b]}}', "bad-address", 2),
        ('channels: {m: {type: email, smtp: "h:25", from: a@b}}', "missing-key", 2),
        ("channels: {m: {type: webhook}}", "missing-key", 2),
        ('channels: {m: {type: webhook, url: "ftp://x"}}', "bad-url", 2),
        ('channels: {m: {type: webhook, url: "https://x", to: a@b}}', "unused-key", 2),
        ('channels: {m: {type: apprise, url: "slack://a/b/c"}}', "plain-secret", 2),
        ('channels: {m: {type: webhook, url: "https://x", secret: s}}', "plain-secret", 2),
        ('channels: {m: {type: apprise, url: "${NOT_SET}"}}', "unset-variable", 2),
        ('channels: {m: {type: webhook, url: "https://x"}}\nsubscriptions: {s: {channels: n}}', "unknown-channel", 3),
        (HOOK + '{s: {channels: m, monitors: x}}', "unknown-monitor", 3),
        (HOOK + '{s: {channels: m, metrics: x}}', "unknown-metric", 3),
        (HOOK + '{s: {channels: m, tags: x}}', "unknown-tag", 3),
        (HOOK + '{s: {channels: m, when: "daly 08:00"}}', "bad-when", 3),
        (HOOK + '{s: {channels: m, when: "daily 25:00"}}', "bad-when", 3),
        (HOOK + '{s: {channels: m, quiet_hours: night}}', "bad-hours", 3),
        ("base_url: lapwing.example.com", "bad-url", 2),
        ("maintenance: [{name: m, start: 2024-01-02, end: 2024-01-01}]", "from-after-to", 2),
        ("maintenance: [{name: m, start: 2024-01-02, monitors: x}]", "unknown-monitor", 2),
        ("maintenance: [{name: m, start: now}]", "relative-time", 2),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, code: str, line: int) -> None:
    (found,) = problems(tmp_path, text)
    assert (found.code, found.place.line if found.place else None) == (code, line)


def test_the_nearest_is_named(tmp_path: Path) -> None:
    text = (
        'channels: {mail: {type: webhook, url: "https://x"}}\nsubscriptions: {s: {channels: mial, when: "mondy 08:00"}}'
    )
    (found,) = problems(tmp_path, text)
    assert found.nearest == ("monday",)
    (found,) = problems(tmp_path, text.replace(', when: "mondy 08:00"', ""))
    assert found.nearest == ("mail",)
