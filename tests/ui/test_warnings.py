"""Early warnings as people see them: what kind, what is projected, how likely, how long there is, how often that was right."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.alerts.early.test_leaders import LAG, NEW, write
from tests.flights import served
from tests.ui.pages import Pages

DRAWN = """
goals:
  paid_month: {metric: paid, period: month, at_least: 60000}
limits:
  visits: {metric: visits, above: 9150}
"""
Audit = Callable[[Page], list[str]]


def board(address: str) -> Any:
    with urllib.request.urlopen(f"{address}/api/board", timeout=30) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = write(tmp_path_factory.mktemp("warned"), NEW + 1)
    with (root / "lapwing.yaml").open("a") as file:
        file.write(DRAWN)
    with served(root, root / "log") as address:
        for _ in range(300):
            if len(board(address)["incidents"]) >= 3:
                break
            time.sleep(0.1)
        yield address


@pytest.fixture
def page(pages: Pages, address: str) -> Iterator[Page]:
    with pages.taken(address, height=1400) as watched:
        yield watched.page
        assert watched.errors == []


def row(page: Page, badge: str) -> Any:
    return page.get_by_role("article").filter(has=page.locator(".early", has_text=badge))


def test_the_board_says_what_is_coming(page: Page, audit: Audit) -> None:
    page.goto("/")
    goal, limit, leading = (row(page, badge) for badge in ("Goal at risk", "Nears a limit", "Usually follows"))
    expect(goal).to_contain_text("Will miss99%")
    expect(goal).to_contain_text("at least")
    expect(goal.locator(".line-note")).to_have_text("goal 60,000")
    expect(limit.locator(".line-note")).to_have_text("limit 9,150")
    expect(leading).to_contain_text(
        re.compile(r"Paid usually follows within 2 days: it did after \d+ of \d+ such moves")
    )
    expect(leading).to_contain_text(re.compile(r"Time left7 d.*\d+ of \d+ like it came true"))
    expect(leading.locator(".line-note")).to_have_count(0)
    assert audit(page) == []


def test_a_warning_has_a_page_like_all_incidents(page: Page, address: str, audit: Audit) -> None:
    number = next(one["id"] for one in board(address)["incidents"] if (one["warning"] or {}).get("kind") == "pacing")
    page.goto(f"/incidents/{number}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Goal at risk")
    expect(page.locator(".evidence .line-note")).to_have_text("goal 60,000")
    expect(page.locator(".story")).to_contain_text("likely to be missed")
    assert audit(page) == []


def test_a_metric_has_the_line_that_somebody_drew(page: Page, audit: Audit) -> None:
    page.goto("/metrics/shop.visits?grain=day&range=28d")
    expect(page.locator(".chart .line-note")).to_have_text("limit 9,150")
    ticks = page.locator(".chart .tick-x").all_inner_texts()
    assert any("24 Feb" in tick for tick in ticks), "the chart goes on with the projection"
    assert audit(page) == []
    page.goto("/metrics/shop.paid?grain=month&range=364d")
    expect(page.locator(".chart .line-note")).to_have_text("goal 60,000")
    expect(page.locator(".chart .note")).to_contain_text("projected")
    page.goto("/metrics/shop.orders?grain=day&range=28d")
    expect(page.locator(".chart .tick-x").first).to_be_attached()
    expect(page.locator(".chart .line-note")).to_have_count(0)


def test_an_incident_says_that_it_was_foreseen(
    pages: Pages, tmp_path_factory: pytest.TempPathFactory, audit: Audit
) -> None:
    root = write(tmp_path_factory.mktemp("foreseen"), NEW + LAG + 4)
    with served(root, root / "log") as address, pages.taken(address) as watched:
        page = watched.page
        page.goto("/")
        link = page.get_by_role("link", name="Foreseen 4 days before, when Orders moved.")
        expect(link).to_have_count(1)
        page.get_by_role("link", name="Paid", exact=True).first.click()
        expect(page.locator(".story li").first).to_contain_text("Foreseen 4 days before, when Orders moved.")
        assert audit(page) == []
        link.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Usually follows")
