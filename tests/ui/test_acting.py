"""Acting on an incident that is open: by press and by key, under one's own name, seen on the board."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def incident(api: Any) -> Any:
    """The latest of a whole metric, which somebody has reopened: at the data's end nothing is unusual."""
    found = next(one for one in api("/incidents?state=resolved")["incidents"] if not one["slice"])
    api(f"/incidents/{found['id']}/actions", {"action": "reopen", "who": "Zoe"})
    return found


@pytest.fixture(scope="module")
def number(incident: Any) -> str:
    return str(incident["id"])


def named(page: Page, name: str) -> None:
    """Answers the question that comes with the first action of a browser."""
    page.get_by_role("dialog", name="Your name").get_by_label("Name").fill(name)
    page.keyboard.press("Enter")


def test_from_acknowledging_to_reopening(open_page: Open, api: Any, incident: Any, number: str) -> None:
    page = open_page(f"/incidents/{number}")
    page.keyboard.press("a")
    named(page, "Ann")
    expect(page.locator(".story li").last).to_contain_text("By Ann.")
    expect(page.locator(".sub").first).to_contain_text("Acknowledged by Ann")
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)
    page.keyboard.press("c")
    page.keyboard.type("A thin schedule <b>on the holiday</b>.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".comments li")).to_contain_text("A thin schedule <b>on the holiday</b>.")
    expect(page.get_by_label("Add a comment")).to_have_value("")
    page.get_by_role("button", name="Assign").click()
    page.get_by_label("To; nobody, where empty").fill("Bo")
    page.keyboard.press("Enter")
    expect(page.locator(".sub").first).to_contain_text("Assigned to Bo")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("s")
    page.get_by_role("button", name="Until Thu 2 Jan, 08:00").click()
    expect(page.locator(".sub").first).to_contain_text("Snoozed until Thu 2 Jan, 08:00")
    found = api(f"/incidents/{number}")
    assert [(step["kind"], step["who"]) for step in found["story"][-3:]] == [
        ("acknowledged", "Ann"),
        ("assigned", "Ann"),
        ("snoozed", "Ann"),
    ]
    page.get_by_role("link", name="Board").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("All quiet")
    expect(page.locator(".watching")).to_contain_text(f"Snoozed: {incident['label']} all, until Thu 2 Jan, 08:00")
    page.go_back()
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator(".state")).to_contain_text("Resolved by hand")
    page.get_by_role("button", name="Reopen").click()
    expect(page.locator(".state")).to_have_text("Open")


@pytest.mark.parametrize("width", [1280, 1440, 1920])
def test_the_buttons_of_a_row_stand_in_one_line(open_page: Open, number: str, width: int) -> None:
    page = open_page("/")
    page.set_viewport_size({"width": width, "height": 900})
    buttons = page.locator(".incident[data-focus] .actions .button")
    expect(buttons.last).to_contain_text("Not useful")
    assert len({box["y"] for one in buttons.all() if (box := one.bounding_box()) is not None}) == 1


def test_on_the_board_by_keys(open_page: Open, number: str) -> None:
    """The row that has the focus; a name that is not given acts on nothing."""
    page = open_page("/")
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    expect(page.locator(".since").first).not_to_contain_text("Acknowledged")
    page.keyboard.press("a")
    named(page, "Cy")
    expect(page.locator(".since").first).to_contain_text("Acknowledged by Cy.")
    page.goto(f"/incidents/{number}")
    page.get_by_role("button", name="Resolve").click()
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()


def test_who_comes_second_is_told(open_page: Open, api: Any, number: str) -> None:
    page = open_page(f"/incidents/{number}", fails=True)
    page.get_by_role("button", name="Acknowledge").wait_for()
    api(f"/incidents/{number}/actions", {"action": "acknowledge", "who": "Di"})
    page.get_by_role("button", name="Acknowledge").click()
    named(page, "Ann")
    expect(page.get_by_role("alert")).to_have_text("Di has acknowledged it already.")
    expect(page.locator(".sub").first).to_contain_text("Acknowledged by Di")
    for action in ("resolve", "reopen"):
        api(f"/incidents/{number}/actions", {"action": action, "who": "Di"})


def test_the_past_can_be_looked_at_only(open_page: Open, api: Any) -> None:
    board = api("/board?as_of=2013-02-09T12:00:00-05:00")
    past = next(one["id"] for one in board["incidents"] if one["label"] == "Cancelled flights")
    page = open_page(f"/incidents/{past}?as_of=2013-02-09T12:00")
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)
    expect(page.get_by_label("Add a comment")).to_have_count(0)
    page.get_by_role("link", name="Go to now").click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    expect(page.get_by_label("Add a comment")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1280, "dark"), (390, "light")])
def test_axe_finds_nothing(open_page: Open, audit: Any, number: str, width: int, theme: str) -> None:
    page = open_page(f"/incidents/{number}", width=width, theme=theme, settled=True)
    assert audit(page) == []
    page.get_by_role("button", name="Snooze").first.click()
    assert audit(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_it_was_useful_or_not_by_keys(open_page: Open, api: Any, number: str) -> None:
    """`n` says no and what that does; `y` takes its place; once more takes it back."""
    page = open_page(f"/incidents/{number}")
    page.get_by_role("button", name="Not useful").wait_for()
    page.keyboard.press("n")
    named(page, "Ann")
    told = page.locator(".learned")
    expect(told).to_have_text("Not useful, says Ann. From now on this monitor needs a third more to speak of this.")
    expect(page.get_by_role("button", name="Not useful")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("y")
    expect(told).to_contain_text("Useful, says Ann. From now on this monitor needs a twentieth less to speak of this.")
    assert api(f"/incidents/{number}")["votes"] == [{"who": "Ann", "useful": True}]
    page.keyboard.press("y")
    expect(told).to_have_count(0)
    expect(page.locator(".story li").last).to_contain_text("The word on its use was taken back. By Ann.")


def test_votes_on_the_board_and_what_was_raised_on_its_foot(open_page: Open, api: Any, number: str) -> None:
    page = open_page("/")
    row = page.locator(".incident").first
    row.get_by_role("button", name="Not useful").click()
    named(page, "Bo")
    expect(row.locator(".learned")).to_contain_text("Not useful, says Bo.")
    api(f"/incidents/{number}/actions", {"action": "take_back", "who": "Bo"})
    alarms = api("/board")["watching"]["alarms"]
    foot = page.locator(".watching")
    expect(foot).to_contain_text("False alarms: no budget")
    expect(foot).to_contain_text(f"In the last 4 weeks {alarms['raised']} raised")
