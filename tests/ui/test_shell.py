"""What surrounds every page: the bar, the search, the keys, the theme, the zone; and that the URL is the state."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

Open = Callable[..., Page]
PAGES = {"Board": "/", "Metrics": "/metrics", "SQL": "/sql", "Catalog": "/catalog", "Cache": "/cache"}


def test_each_page_is_one_press_away(open_page: Open) -> None:
    page = open_page("/?as_of=2013-02-09T12:00")
    for name, path in PAGES.items():
        page.get_by_role("navigation", name="Pages", exact=True).get_by_role("link", name=name).click()
        expect(page).to_have_url(re.compile(rf"{path}[^?]*\?as_of=2013-02-09T12:00$"))
        expect(page.locator(".top [aria-current=page]")).to_have_text(name)
        expect(page).to_have_title(re.compile("Lapwing$"))


def test_letters_go_to_pages_and_say_nothing_in_text_fields(open_page: Open) -> None:
    page = open_page("/")
    for letter, heading in {"c": "23 metrics", "r": "questions", "m": "Cancel rate", "b": "look|quiet"}.items():
        page.keyboard.press("g")
        page.keyboard.press(letter)
        expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(heading))
    page.goto("/catalog")
    page.get_by_placeholder("Filter by name").fill("")
    page.get_by_placeholder("Filter by name").press_sequentially("gb?/")
    expect(page).to_have_url(re.compile("/catalog"))
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_search_finds_by_name_and_opens_with_enter(open_page: Open) -> None:
    page = open_page("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("cancel ra")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/metrics/flights.cancel_rate"))
    page.keyboard.press("/")
    page.keyboard.type("weather")
    first = page.get_by_role("option", selected=True)
    expect(first).to_contain_text("weather.")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").nth(1)).to_have_attribute("aria-selected", "true")
    chosen = page.get_by_role("option").nth(1).locator("b").inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2, name=chosen)).to_be_visible()


def test_search_says_when_nothing_is_found(open_page: Open) -> None:
    page = open_page("/")
    page.keyboard.press("/")
    page.keyboard.type("zeppelin")
    expect(page.get_by_text("Nothing is called “zeppelin”")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_keys_are_listed_and_focus_comes_back(open_page: Open) -> None:
    page = open_page("/")
    page.get_by_role("button", name="Keyboard").focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_contain_text("Why did it change?")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
        )
    dialog.get_by_role("button", name="Close").focus()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Keyboard")).to_be_focused()


def test_a_chosen_theme_stays(open_page: Open) -> None:
    page = open_page("/")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_role("button", name="Light or dark").click()
    dark = page.evaluate(paper)
    assert dark != light
    page.reload()
    assert page.evaluate(paper) == dark
    assert open_page("/", theme="dark").evaluate(paper) == dark


def test_the_zone_changes_every_time_shown(open_page: Open) -> None:
    page = open_page("/?as_of=2013-02-09T12:00")
    expect(page.locator(".top")).to_contain_text("Sat 9 Feb, 10:00")
    page.get_by_role("button", name="New York").click()
    page.get_by_role("dialog", name="Time zone").get_by_role("button", name="London").click()
    expect(page).to_have_url(re.compile("zone=Europe/London|zone=Europe%2FLondon"))
    expect(page.locator(".top")).to_contain_text("London")


def test_back_forward_and_reload_reproduce_the_view(open_page: Open) -> None:
    page = open_page("/metrics/flights.cancel_rate?as_of=2013-02-10&f=origin:EWR")
    value = page.locator(".head .readouts dd").first
    expect(value).to_have_text(re.compile(r"^\d+\.\d%$"))
    newark = value.inner_text()
    page.get_by_role("button", name="Remove Airport").click()
    expect(value).not_to_have_text(newark)
    everywhere = value.inner_text()
    page.go_back()
    expect(value).to_have_text(newark)
    page.go_forward()
    expect(value).to_have_text(everywhere)
    page.reload()
    expect(value).to_have_text(everywhere)


def test_an_address_without_a_page_says_so(open_page: Open) -> None:
    page = open_page("/nothing/here")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no page here")


def test_a_server_that_does_not_answer_is_told_and_asked_again(open_page: Open) -> None:
    page = open_page("/sql", fails=True)
    page.route("**/api/board*", lambda route: route.fulfill(status=500, json=BROKEN))
    page.get_by_role("link", name="Board").first.click()
    expect(page.get_by_role("alert")).to_contain_text("The store is damaged. Build it again.")
    page.unroute("**/api/board*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("look|quiet"))


BROKEN = {
    "status": 500,
    "detail": "The store is damaged.",
    "problems": [{"code": "store-damaged", "message": "The store is damaged.", "hint": "Build it again."}],
}


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    "path", ["/?as_of=2013-02-09T12:00", "/metrics/flights.cancel_rate?as_of=2013-02-10", "/sql", "/catalog", "/cache"]
)
def test_no_page_scrolls_sideways(open_page: Open, path: str, width: int) -> None:
    page = open_page(path, width=width, settled=True)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
