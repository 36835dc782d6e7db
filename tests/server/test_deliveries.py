"""A server that tells people: incidents go out by themselves, are on record, and channels can be tried."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from tests.alerts.delivery.receivers import Hook, Mailbox, smtp_server, webhook
from tests.alerts.shop import BAD_DAY, PROJECT, orders, write_shop
from tests.server.test_routes import undocumented
from tests.shop import serving

from lapwing.server.documents.deliveries import Channels, DeliveriesDocument, TestDocument

DELIVERY = """
base_url: https://lapwing.example.com
channels:
  mail: {{type: email, smtp: "127.0.0.1:MAIL", from: lapwing@example.com, to: [ann@example.com], security: none}}
  hook: {{type: webhook, url: "HOOK"}}
subscriptions:
  ops: {{channels: mail, monitors: failed_daily, escalate: {{after: 30 minutes, to: hook}}}}
  daily: {{channels: hook, tags: [], slice: {{region: north}}, when: "daily 08:00"}}
"""


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with smtp_server() as box:
        yield box


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    with webhook() as hook:
        yield hook


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, box: Mailbox, hook: Hook) -> Iterator[str]:
    project = PROJECT + DELIVERY.replace("MAIL", str(box.port)).replace("HOOK", f"{hook.url}?token=s3cret")
    table = orders(end=BAD_DAY + timedelta(days=1))
    root: Path = write_shop(tmp_path_factory.mktemp("night"), now="2024-02-21T02:00", table=table, project=project)
    with serving(root) as server:
        yield server.address


def test_an_incident_goes_out_by_itself(url: str, box: Mailbox) -> None:
    for _ in range(300):
        if box.mails:
            break
        time.sleep(0.1)
    assert box.subjects == ["[shop] Failed: 83, 18.5 expected. $1.29 k at stake"]
    for _ in range(50):
        found = DeliveriesDocument.model_validate_json(requests.get(f"{url}/api/deliveries", timeout=30).content)
        if any(one.state == "sent" for one in found.deliveries):
            break
        time.sleep(0.1)
    assert undocumented(found) == []
    assert [(one.channel, one.kind, one.state) for one in found.deliveries] == [
        ("hook", "escalation", "waiting"),
        ("mail", "opened", "sent"),
    ]
    (incident,) = found.deliveries[0].incidents
    of = requests.get(f"{url}/api/deliveries?incident={incident}&channel=mail&limit=5", timeout=30).json()
    assert [one["channel"] for one in of["deliveries"]] == ["mail"]


def test_channels_without_their_secrets(url: str, hook: Hook) -> None:
    answer = requests.get(f"{url}/api/channels", timeout=30)
    assert "s3cret" not in answer.text
    found = Channels.model_validate_json(answer.content)
    assert undocumented(found) == []
    assert [(one.name, one.to, one.subscriptions) for one in found.channels] == [
        ("mail", ["ann@example.com"], ["ops"]),
        ("hook", ["http://127.0.0.1"], ["ops", "daily"]),
    ]
    assert [(one.about, one.when, one.escalation) for one in found.subscriptions] == [
        ("monitor failed_daily", "at once", "after 30 min by hook"),
        ("all, where region = north", "daily at 08:00", None),
    ]


def test_a_channel_is_tried(url: str, hook: Hook) -> None:
    before = len(hook.calls)
    answer = requests.post(f"{url}/api/channels/hook/test", json={}, timeout=30)
    assert undocumented(TestDocument.model_validate_json(answer.content)) == []
    assert answer.json() == {"channel": "hook", "state": "sent", "trouble": ""}
    hook.statuses.append(404)
    assert (
        requests.post(f"{url}/api/channels/hook/test", json={}, timeout=30).json()["trouble"]
        == "127.0.0.1 answered 404."
    )
    assert len(hook.calls) == before + 2
    missing = requests.post(f"{url}/api/channels/hok/test", json={}, timeout=30)
    assert (missing.status_code, missing.json()["problems"][0]["nearest"]) == (404, ["hook"])
