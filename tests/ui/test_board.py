"""The board: what needs a look at a moment, in money and in words; the time machine; all quiet."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

BLIZZARD = "/?as_of=2013-02-09T12:00"
BLIZZARD_API = "/board?as_of=2013-02-09T12:00:00-05:00"
Open = Callable[..., Page]


def test_the_blizzard_is_on_the_board_as_of_then(open_page: Open, api: Any) -> None:
    board = api(BLIZZARD_API)
    page = open_page(BLIZZARD)
    open_count, series = len(board["incidents"]), board["watching"]["series"]
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{open_count} of {series} followed series need a look")
    rows = page.get_by_role("article")
    expect(rows).to_have_count(open_count)
    for i, incident in enumerate(board["incidents"]):
        expect(rows.nth(i).get_by_role("heading", level=2)).to_contain_text(incident["label"])
    first = board["incidents"][0]
    assert first["label"] == "Cancelled flights"
    numbers = rows.first.locator("dd")
    expect(numbers.nth(0)).to_have_text(f"{round(first['actual']):,}")
    expect(numbers.nth(2)).to_have_text(f"+{round(first['difference']):,}")
    expect(numbers.nth(2).locator("..")).to_have_class(re.compile("bad"))
    expect(numbers.nth(3)).to_have_text(f"${first['at_stake']['amount'] / 1e6:.2f} M")
    expect(rows.first).to_contain_text("Blizzard warning")
    expect(rows.first).to_contain_text(first["cause"]["says"])
    expect(rows.first.get_by_role("img")).to_have_attribute("aria-label", re.compile("Cancelled flights"))


def test_most_costly_first(api: Any) -> None:
    stakes = [(one["at_stake"] or {"amount": 0})["amount"] for one in api(BLIZZARD_API)["incidents"]]
    assert stakes == sorted(stakes, reverse=True)
    assert stakes[0] > 1e6


def test_j_and_k_move_and_enter_opens(open_page: Open) -> None:
    page = open_page(BLIZZARD)
    focused = page.locator(".incident[data-focus]")
    expect(focused).to_have_count(1)
    names = page.locator(".incident h2 a").all_inner_texts()
    assert len(names) > 1
    expect(focused).to_contain_text(names[0])
    page.keyboard.press("j")
    expect(focused).to_contain_text(names[1])
    page.keyboard.press("k")
    expect(focused).to_contain_text(names[0])
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/incidents/\w+\?as_of=2013-02-09T12:00"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(names[1])


def test_explore_keeps_slice_grain_and_moment(open_page: Open) -> None:
    page = open_page(BLIZZARD)
    page.get_by_role("article").first.get_by_role("link", name="Explore").click()
    expect(page).to_have_url(re.compile(r"/metrics/flights\.cancelled\?.*as_of=2013-02-09T12:00.*grain=hour"))


def test_time_machine_steps_by_days_and_goes_to_now(open_page: Open) -> None:
    page = open_page(BLIZZARD)
    machine = page.get_by_role("region", name="Time machine")
    page.keyboard.press("[")
    expect(machine).to_contain_text("Fri 8 Feb 2013, 12:00")
    expect(page).to_have_url(re.compile("as_of=2013-02-08T12:00"))
    page.keyboard.press("]")
    expect(machine).to_contain_text("Sat 9 Feb 2013, 12:00")
    machine.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    expect(machine.get_by_role("slider")).to_have_attribute("aria-valuetext", "Fri 8 Feb 2013, 12:00")
    machine.get_by_role("button", name="Fri 8 Feb").click()
    page.get_by_label(re.compile("Date and time")).fill("2013-03-20T00:00")
    page.get_by_role("button", name="Show the board as of then").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("All quiet")
    machine.get_by_role("link", name="Go to now").click()
    expect(machine).to_contain_text("now")
    expect(machine.get_by_role("button", name="A day later")).to_be_disabled()
    assert "as_of" not in page.url


def test_a_press_on_a_day_shows_its_end(open_page: Open, api: Any) -> None:
    page = open_page("/?as_of=2013-02-15")
    days = page.locator(".days i")
    day = days.nth(days.count() - 15)
    title = day.get_attribute("title")
    assert title
    day.click()
    expect(page.locator(".days .here")).to_have_count(1)
    expect(page).not_to_have_url(re.compile("as_of=2013-02-15$"))


def test_quiet_says_when_it_looked_and_what_it_watches(open_page: Open, api: Any) -> None:
    board = api("/board?as_of=2013-03-20T00:00:00-04:00")
    assert board["incidents"] == []
    page = open_page("/?as_of=2013-03-20")
    expect(page.get_by_role("heading", level=1)).to_have_text("All quiet")
    expect(page.get_by_role("region", name="What is watched").first).to_contain_text("Last check")
    cells = page.locator(".watchlist li")
    expect(cells).to_have_count(len(board["quiet"]))
    cells.filter(has_text="EWR").first.get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/metrics/flights\.\w+\?.*f=origin:EWR"))


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (390, "light")])
@pytest.mark.parametrize("path", [BLIZZARD, "/?as_of=2013-03-20"])
def test_axe_finds_nothing(open_page: Open, audit: Any, path: str, width: int, theme: str) -> None:
    assert audit(open_page(path, width=width, theme=theme, settled=True)) == []
