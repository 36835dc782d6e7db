"""Settings: who is told, a test by press, what was told, and maintenance by press."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.alerts.delivery.receivers import Mailbox, smtp_server
from tests.alerts.shop import BAD_DAY, PROJECT, orders, write_shop
from tests.shop import serving

Open = Callable[..., Page]
DELIVERY = """
channels:
  mail: {{type: email, smtp: "127.0.0.1:MAIL", from: lapwing@example.com, to: [ann@example.com], security: none}}
  hook: {{type: webhook, url: "http://127.0.0.1:1/hook"}}
subscriptions:
  ops: {{channels: mail, monitors: failed_daily, escalate: {{after: 30 minutes, to: hook}}}}
"""


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with smtp_server() as box:
        yield box


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory, box: Mailbox) -> Iterator[str]:
    """The shop on the night after its bad day, served."""
    project = PROJECT + DELIVERY.replace("MAIL", str(box.port))
    table = orders(end=BAD_DAY + timedelta(days=1))
    root: Path = write_shop(tmp_path_factory.mktemp("night"), now="2024-02-21T02:00", table=table, project=project)
    with serving(root) as server:
        yield server.address


def test_channels_are_tried_and_messages_are_listed(open_page: Open, night: str, box: Mailbox) -> None:
    page = open_page("/settings", fails=True)
    page.goto(f"{night}/settings")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 subscription, 2 channels")
    page.get_by_role("button", name="Send a test by mail").click()
    expect(page.get_by_role("row", name="mail").first).to_contain_text("Sent.")
    page.get_by_role("button", name="Send a test by hook").click()
    expect(page.get_by_role("row", name="hook").first).to_contain_text(
        "127.0.0.1 does not take it: Connection refused."
    )
    assert "[shop] A test of the channel mail" in box.subjects
    messages = page.get_by_label("Messages")
    expect(messages).to_contain_text("failed: 127.0.0.1 does not take it")
    expect(messages.get_by_role("link", name="Failed: 83, 18.5 expected")).to_be_visible(timeout=30_000)
    messages.get_by_role("link", name="Failed: 83, 18.5 expected").click()
    expect(page.locator(".told")).to_contain_text("Told 1 channel, first ")


def test_a_window_that_ends_before_it_starts_is_refused(open_page: Open) -> None:
    page = open_page("/", fails=True)
    page.keyboard.press("g")
    page.keyboard.press("e")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nobody is told of incidents")
    expect(page.get_by_label("Maintenance", exact=True)).to_contain_text("None is planned, and none was.")
    page.get_by_role("button", name="Add a window").click()
    page.get_by_label("What it is").fill("Runway closed")
    page.get_by_label("From, ").fill("2013-12-24T10:00")
    page.get_by_label("To", exact=True).fill("2013-12-24T09:00")
    page.get_by_role("button", name="Raise nothing then").click()
    page.get_by_role("dialog", name="Your name").get_by_label("Name").fill("Ann")
    with page.expect_response("**/api/maintenance") as refused:
        page.keyboard.press("Enter")
    assert refused.value.status == 400


def test_maintenance_is_made_and_taken_back(open_page: Open, api: Any) -> None:
    page = open_page("/settings")
    page.get_by_role("button", name="Add a window").click()
    page.get_by_label("What it is").fill("Runway closed")
    page.get_by_label("From, ").fill("2014-06-24T10:00")
    page.get_by_label("To", exact=True).fill("2014-06-24T12:00")
    page.get_by_role("button", name="Raise nothing then").click()
    page.get_by_role("dialog", name="Your name").get_by_label("Name").fill("Ann")
    page.keyboard.press("Enter")
    window = page.get_by_label("Maintenance", exact=True).locator("li")
    expect(window).to_contain_text("Runway closed")
    expect(window).to_contain_text("all monitors, made by Ann")
    expect(window).to_contain_text("Tue 24 Jun, 10:00 to Tue 24 Jun, 12:00")
    (made,) = api("/maintenance")["windows"]
    assert (made["name"], made["start"], made["who"]) == ("Runway closed", "2014-06-24T10:00:00-04:00", "Ann")
    page.get_by_role("button", name="Take back Runway closed").click()
    expect(window).to_have_count(0)
    assert api("/maintenance")["windows"] == []


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1280, "dark"), (390, "light")])
def test_axe_finds_nothing(open_page: Open, audit: Any, night: str, width: int, theme: str) -> None:
    page = open_page("/settings", width=width, theme=theme, settled=True)
    assert audit(page) == []
    page.goto(f"{night}/settings")
    page.wait_for_selector(".plain-rows")
    page.wait_for_load_state("networkidle")
    assert audit(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
