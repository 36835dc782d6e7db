"""One incident: its story in time, its chart, what makes up the difference."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def blizzard(api: Any) -> str:
    """The id of the incident that the blizzard of February 2013 is."""
    board = api("/board?as_of=2013-02-09T12:00:00-05:00")
    return str(next(one["id"] for one in board["incidents"] if one["label"] == "Cancelled flights"))


def test_the_story_is_told_as_of_then(open_page: Open, api: Any, blizzard: str) -> None:
    found = api(f"/incidents/{blizzard}?as_of=2013-02-09T12:00:00-05:00")
    page = open_page(f"/incidents/{blizzard}?as_of=2013-02-09T12:00")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cancelled flights")
    expect(page.locator(".state")).to_have_text("Open")
    steps = page.locator(".story li")
    expect(steps).to_have_count(len(found["story"]))
    for i, step in enumerate(found["story"]):
        expect(steps.nth(i)).to_contain_text(step["says"])
    expect(steps.first).to_contain_text("Opened")
    expect(page.locator(".head dd").first).to_have_text(f"{round(found['actual']):,}")


def test_later_it_is_resolved_and_says_what_it_cost(open_page: Open, api: Any, blizzard: str) -> None:
    found = api(f"/incidents/{blizzard}?as_of=2013-02-11T00:00:00-05:00")
    page = open_page(f"/incidents/{blizzard}?as_of=2013-02-11")
    expect(page.locator(".state")).to_contain_text("Resolved")
    expect(page.locator(".story li").last).to_contain_text("Resolved")
    expect(page.locator(".head .readout").last).to_contain_text(f"${found['at_stake']['amount'] / 1e6:.2f} M")
    expect(page.locator(".head .readout").last).to_contain_text("Cost")


def test_causes_by_each_dimension_are_the_apis(open_page: Open, api: Any, blizzard: str) -> None:
    found = api(f"/incidents/{blizzard}?as_of=2013-02-11T00:00:00-05:00")
    page = open_page(f"/incidents/{blizzard}?as_of=2013-02-11")
    tabs = page.get_by_role("tab")
    why = found["why"]
    expect(tabs).to_have_count(1 + len(why["tables"]))
    parts = page.locator(".change tbody tr")
    expect(parts).to_have_count(len(why["parts"]))
    for i, part in enumerate(why["parts"]):
        expect(parts.nth(i)).to_contain_text(part["name"])
    expect(page.locator(".factors")).to_contain_text(why["formula"])
    for i, cause in enumerate(why["tables"]):
        tabs.nth(i + 1).click()
        rows = page.locator(".causes tbody tr")
        expect(rows).to_have_count(min(8, len(cause["rows"])))
        expect(rows.first).to_contain_text(f"{cause['rows'][0]['actual']:,.0f}")


def test_a_cause_leads_to_the_metric(open_page: Open, blizzard: str) -> None:
    page = open_page(f"/incidents/{blizzard}?as_of=2013-02-11")
    page.get_by_role("tab", name="Airport").click()
    page.locator(".causes").get_by_role("link", name="EWR").click()
    expect(page).to_have_url(re.compile(r"/metrics/flights\.cancelled\?.*f=origin:EWR"))
    page.go_back()
    page.get_by_role("link", name="Explore this slice").click()
    expect(page).to_have_url(re.compile(r"/metrics/flights\.cancelled\?.*grain=hour"))


def test_an_unknown_incident_is_told(open_page: Open) -> None:
    page = open_page("/", fails=True)
    page.goto("/incidents/99999999")
    expect(page.get_by_role("alert")).to_contain_text("99999999")


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (390, "light")])
def test_axe_finds_nothing(open_page: Open, audit: Any, blizzard: str, width: int, theme: str) -> None:
    page = open_page(f"/incidents/{blizzard}?as_of=2013-02-11", width=width, theme=theme, settled=True)
    assert audit(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
