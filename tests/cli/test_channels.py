"""lapwing channels: who is told, a test, the record, and sending once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.alerts.delivery.receivers import Hook, webhook
from tests.alerts.shop import BAD_DAY, PROJECT, orders, write_shop
from tests.cli.conftest import Lapwing

DELIVERY = """
channels:
  hook: {{type: webhook, url: "HOOK"}}
subscriptions:
  ops: {{channels: hook, monitors: failed_daily, quiet_hours: "12:00-12:01"}}
"""


@pytest.fixture
def hook() -> Iterator[Hook]:
    with webhook() as hook:
        yield hook


@pytest.fixture
def night(tmp_path: Path, hook: Hook) -> Path:
    table = orders(end=BAD_DAY + timedelta(days=1))
    project = PROJECT + DELIVERY.replace("HOOK", hook.url)
    return write_shop(tmp_path, now="2024-02-21T02:00", table=table, project=project)


def test_from_a_test_to_the_record(lapwing: Lapwing, night: Path, hook: Hook) -> None:
    listed = lapwing("-p", night, "channels", "list")
    assert "hook  webhook  http://127.0.0.1  ops" in listed.text
    assert "at once, except 12:00 to 12:01" in listed.text
    assert lapwing("-p", night, "channels", "log").text == "Nothing was told yet.\n"
    assert lapwing("-p", night, "channels", "test", "hook").text == "hook: sent.\n"
    hook.statuses.append(500)
    failed = lapwing("-p", night, "channels", "test", "hook")
    assert (failed.code, failed.err) == (1, "hook: it did not go out. 127.0.0.1 answered 500.\n")
    assert lapwing("-p", night, "channels", "test", "hok").code == 2
    sent = lapwing("-p", night, "channels", "send")
    assert sent.text == "hook: sent. [shop] Failed: 83, 18.5 expected. $1.29 k at stake\n"
    assert lapwing("-p", night, "channels", "send").text == "Nothing is due.\n"
    found = lapwing("-p", night, "channels", "log", "--json").json["deliveries"]
    assert [(one["kind"], one["state"]) for one in found] == [("opened", "sent"), ("test", "failed"), ("test", "sent")]
    assert len(hook.calls) == 3


def test_a_project_without_channels(lapwing: Lapwing, shop: Path) -> None:
    said = lapwing("-p", shop, "channels", "list")
    assert (said.code, said.text) == (0, "There are no channels. Write channels: and subscriptions: in lapwing.yaml.\n")
