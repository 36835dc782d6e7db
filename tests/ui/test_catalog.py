"""The catalog: everything there is, found by words, and what each thing is made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

Open = Callable[..., Page]
KINDS = ("metrics", "datasets", "tables", "rollups", "sources")


def test_every_kind_lists_what_the_api_has(open_page: Open, api: Any) -> None:
    catalog = api("/catalog")
    page = open_page("/catalog")
    for kind in KINDS:
        count = len(catalog[kind])
        link = page.get_by_role("navigation", name="Kinds and owners").get_by_role(
            "link", name=re.compile(kind, re.IGNORECASE)
        )
        expect(link).to_contain_text(str(count))
        link.click()
        expect(page.locator(".catalog-list tbody tr")).to_have_count(count)
        expect(page.locator(".detail h2")).to_be_visible()
        expect(page).to_have_url(re.compile(f"kind={kind}"))


def test_words_filter_by_name_and_description(open_page: Open, api: Any) -> None:
    page = open_page("/catalog")
    page.get_by_placeholder("Filter by name").fill("least 15 minutes")
    wanted = [one["short"] for one in api("/catalog")["metrics"] if "least 15 minutes" in one["description"]]
    assert wanted
    expect(page.locator(".catalog-list tbody th a")).to_have_text(sorted(wanted))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{len(wanted)} metrics")
    page.get_by_placeholder("Filter by name").fill("zeppelin")
    expect(page.get_by_text("Nothing here matches.")).to_be_visible()
    page.get_by_role("button", name="Show all metrics").click()
    expect(page.locator(".catalog-list tbody tr")).to_have_count(len(api("/catalog")["metrics"]))


def test_a_metric_shows_what_it_is_made_of(open_page: Open, api: Any) -> None:
    page = open_page("/catalog?kind=metrics&name=flights.cancel_rate")
    detail = page.get_by_role("complementary")
    expect(detail).to_contain_text("Cancelled flights as a share of planned flights. Lower is better.")
    expect(detail.locator("pre")).to_contain_text("cancelled / flights")
    expect(detail).to_contain_text("datasets/flights.yaml, line")
    lineage = detail.locator(".lineage")
    for name in ("files.flights", "cancelled", "cancel_rate"):
        expect(lineage).to_contain_text(name)
    day = {"metrics": ["flights.cancel_rate"], "start": "2013-12-31", "end": "2014-01-01", "zone": "America/New_York"}
    value = api("/query", day)["data"]["flights.cancel_rate"][0]
    expect(detail.locator(".mini")).to_contain_text(f"{value * 100:.1f}%")
    lineage.get_by_role("link", name="cancelled", exact=True).click()
    expect(page.locator(".detail h2")).to_have_text("cancelled")
    page.get_by_role("complementary").get_by_role("link", name="Explore").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancelled flights")


def test_a_table_shows_columns_and_a_sample_and_can_be_asked(open_page: Open, api: Any) -> None:
    page = open_page("/catalog?kind=tables&name=weather.weather")
    detail = page.get_by_role("complementary")
    expect(detail).to_contain_text("26,115")
    table = next(one for one in api("/catalog")["tables"] if one["path"] == "weather.weather")
    expect(detail.locator(".columns-list dt")).to_have_text([one["name"] for one in table["columns"]])
    expect(detail.get_by_role("region", name="Sample of weather.weather").locator("tbody tr")).to_have_count(20)
    detail.get_by_role("link", name="Query").click()
    expect(page.locator(".cm-content")).to_contain_text("weather.weather")


def test_j_and_k_walk_the_list(open_page: Open) -> None:
    page = open_page("/catalog")
    names = page.locator(".catalog-list tbody th a")
    expect(page.locator(".detail h2")).to_have_text(names.nth(0).inner_text())
    page.keyboard.press("j")
    expect(page.locator(".detail h2")).to_have_text(names.nth(1).inner_text())
    page.keyboard.press("k")
    expect(page.locator(".detail h2")).to_have_text(names.nth(0).inner_text())


def test_on_a_phone_the_list_comes_first_and_the_chosen_thing_above_it(open_page: Open) -> None:
    page = open_page("/catalog", width=390)
    expect(page.locator(".detail")).to_have_count(0)
    page.get_by_role("link", name="cancel_rate").click()
    expect(page.locator(".detail h2")).to_have_text("cancel_rate")


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (390, "light")])
@pytest.mark.parametrize("path", ["/catalog?name=flights.cancel_rate", "/catalog?kind=tables&name=weather.weather"])
def test_axe_finds_nothing(open_page: Open, audit: Any, path: str, width: int, theme: str) -> None:
    assert audit(open_page(path, width=width, theme=theme, settled=True)) == []


def test_follow_all_of_a_tag_and_stop(open_page: Open, api: Any, audit: Any) -> None:
    tagged = {one["name"] for one in api("/catalog")["metrics"] if "punctuality" in one["tags"]}
    names = {one["name"] for one in api("/monitors")["monitors"]}
    page = open_page("/catalog?kind=metrics&tag=punctuality")
    with page.expect_response("**/api/follow/backtest", timeout=30_000) as answered:
        page.get_by_role("button", name="Follow all tagged punctuality").click()
    tried = answered.value.json()
    dialog = page.get_by_role("dialog", name="Follow all tagged punctuality")
    expect(dialog.locator("strong")).to_contain_text("never" if not tried["fired"] else f"{tried['fired']} time")
    assert {one["metric"] for one in tried["incidents"]} <= tagged
    assert audit(page) == []
    dialog.get_by_role("button", name="Follow", exact=True).click()
    expect(dialog).to_have_count(0, timeout=30_000)
    button = page.get_by_role("button", name="Following all tagged punctuality")
    expect(button).to_have_attribute("aria-pressed", "true")
    added = [one for one in api("/monitors")["monitors"] if one["name"] not in names]
    assert {one["metric"] for one in added} == tagged
    assert {(one["tag"], one["followed"]) for one in added} == {("punctuality", True)}
    page.reload()
    button.click()
    expect(page.get_by_role("button", name="Follow all tagged punctuality")).to_have_attribute("aria-pressed", "false")
    assert {one["name"] for one in api("/monitors")["monitors"]} == names
