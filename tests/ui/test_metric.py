"""The metric page: numbers against the API, every way to change the view, and why it changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

STORM = "/metrics/flights.cancel_rate?as_of=2013-02-10"
RANGE = {"start": "2013-02-03", "end": "2013-02-09T22:00"}
ZONE = "America/New_York"
Open = Callable[..., Page]
Audit = Callable[[Page], list[str]]


def rate(api: Any, start: str = RANGE["start"], end: str = RANGE["end"], filters: Any = ()) -> float:
    body = {"metrics": ["flights.cancel_rate"], "start": start, "end": end, "zone": ZONE, "filters": list(filters)}
    return float(api("/query", body)["data"]["flights.cancel_rate"][0])


def percent(value: float) -> str:
    return f"{value * 100:.1f}%"


def readout(page: Page, at: int) -> Locator:
    return page.locator(".head .readouts dd").nth(at)


def drag(page: Page, start: float, end: float) -> None:
    """Drags over the chart, from one part of its width to another."""
    box = page.locator(".u-over").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * start, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (start + end) / 2, y, steps=3)
    page.mouse.move(box["x"] + box["width"] * end, y, steps=3)
    page.mouse.up()


def board(page: Page, title: str) -> Locator:
    return page.locator(".leaderboard").filter(has=page.get_by_role("columnheader", name=title, exact=True))


def test_the_numbers_are_those_of_the_api(open_page: Open, api: Any) -> None:
    page = open_page(STORM)
    now = rate(api)
    before = rate(api, "2013-01-27", "2013-02-02T22:00")
    expect(readout(page, 0)).to_have_text(percent(now))
    expect(readout(page, 1)).to_have_text(percent(before))
    expect(readout(page, 2)).to_have_text(f"+{(now - before) * 100:.1f}pp")
    expect(page.locator(".strip [aria-current=true]")).to_contain_text(percent(now))


def test_a_leaderboard_is_the_breakdown(open_page: Open, api: Any) -> None:
    page = open_page(STORM + "&compare=none")
    answer = api("/query", {"metrics": ["flights.cancel_rate"], "by": ["carrier", "airline"], "zone": ZONE, **RANGE})
    data = answer["data"]
    rows = board(page, "Carrier").locator("tbody tr")
    expect(rows).to_have_count(9)
    shown = {row.split("\n")[0].split("\t")[0]: row for row in rows.all_inner_texts()}
    assert len(shown) == 9
    for code, name, value in zip(data["carrier"], data["airline"], data["flights.cancel_rate"], strict=True):
        if code + name in shown:
            assert percent(value) in shown[code + name]
    board(page, "Carrier").get_by_role("button", name="more").click()
    expect(rows).to_have_count(answer["rows"])


def test_click_keeps_shift_click_leaves_out(open_page: Open, api: Any) -> None:
    page = open_page(STORM)
    board(page, "Airport").get_by_role("button", name="EWR").click()
    expect(page.locator(".chip.set")).to_contain_text("Airport is EWR")
    kept = {"dimension": "origin", "values": ["EWR"]}
    expect(readout(page, 0)).to_have_text(percent(rate(api, filters=[kept])))
    expect(board(page, "Airport").locator("tr.off")).to_have_count(2)
    board(page, "Airport").get_by_role("button", name="EWR").click()
    expect(page.locator(".chip.set")).to_have_count(0)
    board(page, "Airport").get_by_role("button", name="EWR").click(modifiers=["Shift"])
    expect(page.locator(".chip.set.not")).to_contain_text("Airport is not EWR")
    left = {"dimension": "origin", "values": ["EWR"], "exclude": True}
    expect(readout(page, 0)).to_have_text(percent(rate(api, filters=[left])))
    expect(page).to_have_url(re.compile(r"f=(!|%21)origin:EWR"))
    page.get_by_role("button", name="Remove Airport").press("Backspace")
    expect(readout(page, 0)).to_have_text(percent(rate(api)))


def test_a_filter_is_added_by_words(open_page: Open) -> None:
    page = open_page(STORM)
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("dialog", name="Filter").get_by_role("button", name="Carrier").click()
    page.get_by_label("Carrier is").fill("b6")
    page.get_by_role("dialog", name="Filter").get_by_role("button", name="B6").click()
    expect(page.locator(".chip.set")).to_contain_text("Carrier is B6")
    expect(page).to_have_url(re.compile("f=carrier:B6"))


def test_drag_why_and_zoom(open_page: Open, api: Any) -> None:
    page = open_page(STORM, settled=True)
    drag(page, 5 / 7 + 0.01, 6 / 7 - 0.005)
    expect(page).to_have_url(re.compile("sel=2013-02-08"))
    expect(page.locator(".chosen-bar")).to_contain_text("h chosen")
    sel = re.search(r"sel=([^&.]+)\.\.([^&]+)", page.url)
    assert sel is not None
    start, end = sel[1], sel[2]
    expect(page.locator(".scope")).to_contain_text("Fri 8 Feb")
    page.keyboard.press("w")
    why = page.get_by_role("dialog", name="Why did it change?")
    now = rate(api, start, end)
    expect(why).to_contain_text(f"to {percent(now)}")
    before = [f"{text[:9]}{int(text[9]) - 7}{text[10:]}" if text[8] == "0" else text for text in (start, end)]
    found = api(
        "/why",
        {
            "metric": "flights.cancel_rate",
            "start": start,
            "end": end,
            "against_start": before[0],
            "against_end": before[1],
            "zone": ZONE,
        },
    )
    expect(why).to_contain_text(found["says"])
    expect(why).to_contain_text("Blizzard warning")
    rows = why.locator(".change tbody tr")
    expect(rows).to_have_count(len(found["parts"]))
    for i, part in enumerate(found["parts"]):
        expect(rows.nth(i)).to_contain_text(part["name"])
    expect(why.locator(".factors")).to_contain_text(found["formula"])
    why.get_by_role("tab", name="Carrier").press("Enter")
    total = why.locator("tr.sum")
    expect(total).to_contain_text("100%")
    expect(total).to_contain_text(percent(now))
    why.get_by_role("tab", name="Airport").click()
    expect(why.get_by_role("row", name=re.compile("JFK"))).to_be_visible()
    expect(why.locator("tr.sum")).to_contain_text(percent(now))
    page.keyboard.press("Escape")
    expect(why).to_have_count(0)
    page.keyboard.press("z")
    expect(page).to_have_url(re.compile(f"start={start}&end={end}"))
    expect(page.locator(".chosen-bar")).to_have_count(0)
    expect(readout(page, 0)).to_have_text(percent(now))
    page.keyboard.press("Shift+Z")
    expect(page).to_have_url(re.compile("sel="))
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("sel="))


def test_why_adds_up_for_every_dimension(open_page: Open) -> None:
    page = open_page(STORM + "&sel=2013-02-08..2013-02-10")
    page.get_by_role("button", name="Why did it change?").click()
    why = page.get_by_role("dialog", name="Why did it change?")
    expect(why.get_by_role("tab").first).to_have_text("Combinations")
    for tab in why.get_by_role("tab").all()[1:]:
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        expect(why.locator("tr.sum")).to_be_visible()
        texts = why.locator("tbody tr:not(.sum) .part span").all_inner_texts()
        parts = [float(text.replace("−", "-").rstrip("%")) for text in texts]
        assert sum(parts) == pytest.approx(100, abs=len(parts) / 2 + 1)


def test_why_of_a_range_compared_with_nothing_is_against_the_weeks_before(open_page: Open, api: Any) -> None:
    page = open_page(
        "/metrics/flights.cancelled?start=2013-07-20&end=2013-07-27&compare=none&sel=2013-07-22..2013-07-24"
    )
    page.keyboard.press("w")
    why = page.get_by_role("dialog", name="Why did it change?")
    found = api("/why", {"metric": "flights.cancelled", "start": "2013-07-22", "end": "2013-07-24", "zone": ZONE})
    assert found["slice"] == {"origin": "LGA"}
    expect(why).to_contain_text(found["says"])
    expect(why).to_contain_text("against the weeks before")
    why.get_by_role("link", name="LGA (airport)", exact=True).press("Enter")
    expect(page.locator(".chip.set")).to_contain_text("Airport is LGA")


def test_range_grain_and_comparison(open_page: Open, api: Any) -> None:
    page = open_page(STORM)
    page.keyboard.press("t")
    page.get_by_role("dialog", name="Time range").get_by_role("button", name="Last 28 days").click()
    expect(page).to_have_url(re.compile("range=28d"))
    expect(readout(page, 0)).to_have_text(percent(rate(api, "2013-01-13", "2013-02-09T22:00")))
    page.keyboard.press("c")
    page.get_by_role("dialog", name="Compare").get_by_role("button", name="Nothing").click()
    expect(page.locator(".head .readouts dd")).to_have_count(1)
    expect(page.get_by_role("columnheader", name="Change, pp")).to_have_count(0)
    page.get_by_role("button", name="Day", exact=True).click()
    page.get_by_role("dialog", name="Grain").get_by_role("button", name="Week").click()
    expect(page.get_by_role("img", name=re.compile("Cancel rate by week"))).to_be_visible()
    page.keyboard.press("t")
    page.get_by_label("From").fill("2013-02-08T00:00")
    page.get_by_label("Until, not included").fill("2013-02-09T00:00")
    page.get_by_role("button", name="Show").click()
    expect(readout(page, 0)).to_have_text(percent(rate(api, "2013-02-08", "2013-02-09")))


def test_a_range_back_to_front_is_refused_in_words(open_page: Open) -> None:
    page = open_page(STORM)
    page.keyboard.press("t")
    page.get_by_label("From").fill("2013-02-09T00:00")
    page.get_by_label("Until, not included").fill("2013-02-08T00:00")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("dialog", name="Time range")).to_contain_text("The end must be after the start")
    assert "start=" not in page.url


def test_days_that_still_fill_are_not_set_against_full_ones(open_page: Open, api: Any) -> None:
    page = open_page("/metrics/flights.flights?as_of=2013-02-09T16:40")
    body = {"metrics": ["flights.flights"], "zone": ZONE}
    expect(page.locator(".top")).to_contain_text("Data until Sat 9 Feb, 14:00")
    now = api("/query", {**body, "start": "2013-02-03", "end": "2013-02-09T14:00"})["data"]["flights.flights"][0]
    before = api("/query", {**body, "start": "2013-01-27", "end": "2013-02-02T14:00"})["data"]["flights.flights"][0]
    expect(readout(page, 0)).to_have_text(f"{now:,}")
    expect(readout(page, 1)).to_have_text(f"{before:,}")


def test_the_chart_as_a_table_is_the_series(open_page: Open, api: Any) -> None:
    page = open_page("/metrics/flights.flights?start=2013-03-09&end=2013-03-12&grain=hour&compare=none")
    page.get_by_role("button", name="Table").click()
    span = {"start": "2013-03-09", "end": "2013-03-12", "zone": ZONE}
    answer = api("/query", {"metrics": ["flights.flights"], "grain": "hour", **span})
    rows = page.locator(".series-table tbody tr")
    expect(rows).to_have_count(len(answer["data"]["time"]))
    texts = page.locator(".series-table tbody tr td:nth-child(2)").all_inner_texts()
    shown = [int(text.replace(",", "")) for text in texts]
    assert shown == answer["data"]["flights.flights"]


def test_hover_reads_out_the_bucket(open_page: Open) -> None:
    page = open_page(STORM, settled=True)
    page.locator(".u-over").hover()
    expect(page.locator(".legend")).to_contain_text(re.compile(r"\w{3} \d+ Feb \d\d:00"))
    expect(page.locator(".legend")).to_contain_text(re.compile(r"Expected.*%.* to .*%"))


def test_follow_and_stop(open_page: Open, api: Any, audit: Audit) -> None:
    page = open_page("/metrics/flights.speed?f=origin:LGA")
    names = {one["name"] for one in api("/monitors")["monitors"]}
    with page.expect_response("**/api/follow/backtest", timeout=30_000) as answered:
        page.get_by_role("button", name="Follow").click()
    dialog = page.get_by_role("dialog", name="Follow")
    expect(dialog).to_contain_text("It would have come to your board", timeout=30_000)
    usual = answered.value.json()
    assert (usual["metric"], usual["slice"]) == ("flights.speed", {"origin": "LGA"})
    told = "never" if not usual["fired"] else f"{usual['fired']} time"
    expect(dialog.locator("strong")).to_contain_text(told)
    with page.expect_response("**/api/follow/backtest", timeout=30_000) as again:
        dialog.get_by_role("radio").last.check(force=True)
    worst = again.value.json()["fired"]
    assert worst == usual["choices"][-1]["fired"]
    expect(dialog.locator("strong")).to_contain_text("never" if not worst else f"{worst} time")
    expect(dialog.locator("tbody tr")).to_have_count(min(worst, 6))
    assert audit(page) == []
    dialog.get_by_role("button", name="Follow").click()
    expect(dialog).to_have_count(0, timeout=30_000)
    expect(page.get_by_role("button", name="Following")).to_have_attribute("aria-pressed", "true")
    added = [one for one in api("/monitors")["monitors"] if one["name"] not in names]
    assert [(one["metric"].split(".")[-1], one["slice"], one["sensitivity"]) for one in added] == [
        ("speed", {"origin": "LGA"}, 8.0)
    ]
    page.reload()
    expect(page.get_by_role("button", name="Following")).to_be_enabled()
    page.locator("h1").click()
    page.keyboard.press("f")
    expect(page.get_by_role("button", name="Follow", exact=True)).to_have_attribute("aria-pressed", "false")
    assert {one["name"] for one in api("/monitors")["monitors"]} == names


def test_follow_each_value_of_a_dimension_and_stop(open_page: Open, api: Any) -> None:
    page = open_page("/metrics/flights.diverted?grain=day")
    names = {one["name"] for one in api("/monitors")["monitors"]}
    page.get_by_role("button", name="Follow", exact=True).click()
    dialog = page.get_by_role("dialog", name="Follow")
    expect(dialog).to_contain_text("It would have come to your board", timeout=30_000)
    with page.expect_response("**/api/follow/backtest", timeout=30_000) as answered:
        dialog.get_by_label("Watch").select_option("the whole, and each airport")
    tried = answered.value.json()
    assert (tried["by"], tried["series"]) == (["origin"], 4)
    expect(dialog.locator("strong")).to_contain_text("never" if not tried["fired"] else f"{tried['fired']} time")
    dialog.get_by_role("button", name="Follow", exact=True).click()
    expect(dialog).to_have_count(0, timeout=30_000)
    following = page.get_by_role("button", name="Following")
    expect(following).to_have_attribute("aria-pressed", "true")
    (added,) = [one for one in api("/monitors")["monitors"] if one["name"] not in names]
    assert (added["by"], added["slice"], added["followed"]) == (["origin"], {}, True)
    following.click()
    expect(page.get_by_role("button", name="Follow", exact=True)).to_have_attribute("aria-pressed", "false")
    assert {one["name"] for one in api("/monitors")["monitors"]} == names


def test_the_receipt_says_what_answered(open_page: Open) -> None:
    page = open_page(STORM)
    page.locator(".receipt").wait_for()
    page.keyboard.press("r")
    expect(page.get_by_role("dialog", name="Receipt")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".receipt").click()
    receipt = page.get_by_role("dialog", name="Receipt")
    expect(receipt).to_contain_text("rollup flights.total")
    expect(receipt).to_contain_text("Yes: sums and counts")
    expect(receipt).to_contain_text("Considered")
    page.keyboard.press("Escape")
    expect(receipt).to_have_count(0)
    expect(page.locator(".receipt")).to_be_focused()


def test_metrics_change_by_key_and_keep_the_view(open_page: Open) -> None:
    page = open_page(STORM + "&f=origin:EWR&range=3d")
    first = page.get_by_role("heading", level=1).inner_text()
    page.keyboard.press("j")
    expect(page.get_by_role("heading", level=1)).not_to_have_text(first)
    expect(page).to_have_url(re.compile("f=origin:EWR&range=3d"))
    page.keyboard.press("k")
    expect(page.get_by_role("heading", level=1)).to_have_text(first)


def test_a_link_is_copied(open_page: Open) -> None:
    page = open_page(STORM)
    page.keyboard.press("l")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    expect(page.get_by_text("Copied")).to_be_visible()


def test_filters_that_leave_nothing_say_so_and_can_be_undone(open_page: Open) -> None:
    page = open_page(STORM + "&f=carrier:HA&f=origin:LGA")
    expect(page.get_by_text("No data in this range with these filters.")).to_be_visible()
    page.get_by_role("button", name="Clear all filters").click()
    expect(page.locator(".chip.set")).to_have_count(0)
    expect(page.get_by_text("No data in this range")).to_have_count(0)


def test_an_unknown_metric_and_an_unknown_zone(open_page: Open) -> None:
    page = open_page("/metrics/flights.cancel_rat")
    expect(page.get_by_role("heading", level=1)).to_have_text("No metric is called flights.cancel_rat")
    page = open_page("/metrics/flights.cancel_rate?zone=Mars/Olympus")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancel rate")
    expect(page.get_by_text("No time zone is called Mars/Olympus")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_axe_finds_nothing(open_page: Open, audit: Any, width: int, theme: str) -> None:
    page = open_page(
        STORM + "&f=origin:EWR&f=!carrier:UA&sel=2013-02-08..2013-02-10", width=width, theme=theme, settled=True
    )
    assert audit(page) == []
    page.get_by_role("button", name="Why did it change?").click()
    expect(page.locator(".why .change tbody tr").first).to_be_visible()
    assert audit(page) == []
    page.get_by_role("tab", name="Destination").click()
    expect(page.locator(".why tr.sum")).to_be_visible()
    assert audit(page) == []
