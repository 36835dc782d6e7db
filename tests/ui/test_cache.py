"""The cache: what is kept, how fresh, what it was worth, why questions missed, what built it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

Open = Callable[..., Page]
ROWS = ".rollups tbody tr"
RUNNING = {
    "dataset": "flights",
    "rollups": ["flights.main"],
    "why": "due",
    "began": "2026-01-01T00:00:00Z",
    "done": 3,
    "total": 12,
    "rollup": "flights.main",
    "seconds_left": 3.2,
    "note": None,
    "cancelling": False,
}
JOB: dict[str, Any] = {
    "id": "3fbcfa4e",
    "state": "lost",
    "builder": "beam",
    "rollups": ["flights.main", "flights.total"],
    "began": "2026-01-01T00:00:00Z",
    "seen": "2026-01-01T00:10:00Z",
    "ended": None,
    "done": 4,
    "total": 12,
    "note": "flights.main: 3 parts read",
    "by": "laptop/77",
    "here": False,
    "problem": None,
    "remotes": [
        {"runner": "dataflow", "name": "n", "id": "7", "rollup": "flights.main", "url": "https://example.com/7"}
    ],
}
BROKEN = {
    "status": 500,
    "problems": [{"code": "unexpected", "message": "Lapwing stumbled.", "hint": "Look at the log."}],
}


def given(page: Page, path: str, body: Any, status: int = 200) -> None:
    """Answers GETs of a path of the API with `body`."""

    def answer(route: Route) -> None:
        if route.request.method == "GET":
            route.fulfill(status=status, json=body)
        else:
            route.fulfill(json=RUNNING)

    page.route(re.compile(rf"/api/{path}(\?.*)?$"), answer)


@pytest.fixture
def known(api: Any) -> Any:
    """What the server says, for a test to change."""
    return copy.deepcopy(api("/rollups"))


def went_to(page: Page) -> None:
    page.get_by_role("navigation", name="Pages", exact=True).get_by_role("link", name="Cache").click()


def test_it_shows_what_the_api_has(open_page: Open) -> None:
    page = open_page("/sql")
    with page.expect_response(re.compile(r"/api/rollups$")) as answered:
        went_to(page)
    cache = answered.value.json()
    expect(page.locator(ROWS)).to_have_count(len(cache["rollups"]))
    for at, rollup in enumerate(cache["rollups"]):
        shown = page.locator(ROWS).nth(at)
        expect(shown.get_by_role("link", name=rollup["name"])).to_be_visible()
        expect(shown.locator(".partitions i")).to_have_count(rollup["partitions"])
        expect(shown).to_contain_text(f"{rollup['partitions']} fresh")
        expect(shown).to_contain_text(f"promised: {rollup['freshness']}" if rollup["freshness"] else "no promise")
        expect(shown.locator(".hit")).to_have_text(f"{rollup['answers']:,}")
    readouts = page.locator(".cache-head dd")
    expect(readouts.nth(0)).to_have_text(f"{cache['whole'] + cache['again']:,}")
    shared = 2 if cache["by_products"] else 1
    expect(readouts.nth(shared)).to_have_text(f"{cache['shared']:,}")
    expect(readouts.nth(shared + 1)).to_have_text(f"{cache['missed']:,}")
    kept = sum(one["bytes"] for one in cache["rollups"])
    expect(readouts.nth(shared + 2)).to_have_text(f"{kept / 1e6:.0f}MB")
    if cache["missed"]:
        expect(page.locator(".misses tbody tr")).to_have_count(len(cache["misses"]))


def test_questions_that_missed_say_why(open_page: Open, api: Any) -> None:
    question = {"metrics": ["flights.flights"], "start": "2013-03-01T00:05", "end": "2013-03-01T00:10"}
    api("/query", question)
    page = open_page("/cache", settled=True)
    miss = page.locator(".misses tr").filter(has_text="do not meet those asked")
    expect(miss).to_contain_text("flights; the last one asked for flights")
    expect(page.get_by_role("heading", name=re.compile(r"^Why [\d,]+ questions? missed$"))).to_be_visible()


def test_a_rollup_is_built_when_asked_and_its_run_is_listed(open_page: Open, api: Any) -> None:
    before = api("/rollups/runs?which=flights.total")["runs"]
    page = open_page("/cache", settled=True)
    page.get_by_role("button", name="Build flights.total").click()
    top = page.locator(".runs tbody tr").first
    expect(top).to_contain_text("flights.total")
    expect(top).to_contain_text("nothing to do in 12 partitions")
    new = [run for run in api("/rollups/runs?which=flights.total")["runs"] if run not in before]
    assert [run["result"] for run in new if run["why"] == "asked"] == [
        "unchanged"
    ]  # those that were due come as they like
    row = page.locator(ROWS).filter(has_text="flights.total")
    expect(row).to_contain_text("just now")
    expect(row.get_by_role("button")).to_be_enabled()


def test_what_runs_shows_how_far_it_is_and_can_be_cancelled(open_page: Open) -> None:
    page = open_page("/sql")
    given(page, r"rollups/refresh(/flights)?", {"keeps_promises": True, "running": [RUNNING]})
    went_to(page)
    expect(page.get_by_role("progressbar", name="Building flights")).to_have_attribute("value", "3")
    expect(page.locator(".building")).to_contain_text("3 of 12 partitions, about 4 s left, as promised")
    expect(page.get_by_role("button", name="Build flights.main")).to_be_disabled()
    expect(page.get_by_role("button", name="Build what changed")).to_be_disabled()
    with page.expect_request(lambda request: request.method == "DELETE") as asked:
        page.get_by_role("button", name="Cancel").click()
    assert asked.value.url.endswith("/api/rollups/refresh/flights")


def test_builds_of_other_processes_are_shown_and_can_be_cancelled(open_page: Open, audit: Any) -> None:
    page = open_page("/sql")
    own = {**JOB, "id": "aa", "here": True}
    given(page, r"jobs(\?.*|/.*)?", {"jobs": [JOB, own]})
    went_to(page)
    row = page.locator(".elsewhere .building-one")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("4 of 12 partitions, beam by laptop/77 since")
    expect(row).to_contain_text("its process is gone; the next build goes on from there, dataflow")
    expect(row.get_by_role("link", name="dataflow")).to_have_attribute("href", JOB["remotes"][0]["url"])
    assert audit(page) == []
    with page.expect_request(lambda request: request.method == "DELETE") as asked:
        row.get_by_role("button", name="Cancel").click()
    assert "/api/jobs/3fbcfa4e?" in asked.value.url


def test_what_is_late_or_damaged_is_told(open_page: Open, known: Any, audit: Any) -> None:
    main, other = known["rollups"][:2]
    main |= {"late": True, "late_by_seconds": 240.0, "stale": True}
    first, last = main["stretches"][0], copy.deepcopy(main["stretches"][0])
    first |= {"partitions": 10, "end": "2013-11-01T04:00:00Z"}
    last |= {"partitions": 2, "start": "2013-11-01T04:00:00Z", "state": "stale"}
    main["stretches"] = [first, last]
    other["stretches"][0] |= {"state": "quarantined", "says": "A chunk is damaged."}
    page = open_page("/sql")
    given(page, "rollups", known)
    went_to(page)
    expect(page.locator(".notice")).to_contain_text("flights.main is 4 min late.")
    row = page.locator(ROWS).first
    expect(row).to_contain_text("2 stale and 10 fresh")
    expect(row.locator(".partitions .stale")).to_have_count(2)
    damaged = page.locator(ROWS).nth(1)
    expect(damaged.locator(".under.bad")).to_have_text("12 in quarantine, answered by the source")
    expect(damaged.locator(".partitions i").first).to_have_attribute("title", re.compile("A chunk is damaged"))
    expect(page.locator(".partitions-legend")).to_contain_text("the source changed since")
    assert audit(page) == []
    known["keeps_promises"] = False
    page.reload()
    expect(page.locator(".notice")).to_contain_text("told to leave keeping promises to others")


def test_without_rollups_it_says_how_to_have_some(open_page: Open, known: Any) -> None:
    page = open_page("/sql")
    given(page, "rollups", known | {"rollups": [], "misses": []})
    went_to(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("There are no rollups yet")
    expect(page.get_by_role("main")).to_contain_text("lapwing build")


def test_waiting_and_trouble(open_page: Open) -> None:
    page = open_page("/sql", fails=True)
    held: list[Route] = []
    page.route(re.compile(r"/api/rollups$"), lambda route: held.append(route))
    went_to(page)
    expect(page.get_by_role("status").filter(has_text="Asking the sources what changed")).to_be_attached()
    given(page, "rollups", BROKEN, 500)
    held[0].fulfill(status=500, json=BROKEN)
    expect(page.get_by_role("alert")).to_contain_text("Lapwing stumbled. Look at the log.")
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(ROWS).first).to_be_visible()


def test_keys_walk_the_rollups_and_build(open_page: Open) -> None:
    page = open_page("/cache", settled=True)
    chosen = page.locator(f"{ROWS}[aria-current=true] th a")
    expect(chosen).to_have_text("flights.main")
    page.keyboard.press("j")
    expect(chosen).to_have_text("flights.by_airport")
    page.keyboard.press("k")
    expect(chosen).to_have_text("flights.main")
    page.keyboard.press("j")
    with page.expect_request(lambda request: request.method == "POST") as asked:
        page.keyboard.press("b")
    assert asked.value.post_data_json == {"which": "flights.by_airport"}
    chosen.click()
    expect(page.locator(".detail h2")).to_have_text("flights.by_airport")


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (1280, "light"), (390, "light"), (390, "dark")])
def test_axe_finds_nothing(open_page: Open, audit: Any, width: int, theme: str) -> None:
    assert audit(open_page("/cache", width=width, theme=theme, settled=True)) == []


def test_kept_results_are_shown_and_emptied(open_page: Open) -> None:
    page = open_page("/sql")
    text = "select carrier, count(*) as kept_by_this_test from files.flights group by 1"
    for _ in range(2):
        assert page.request.post("/api/sql", data={"text": text, "max_age": "1 hour"}).ok
    went_to(page)
    shown = page.get_by_role("region", name="Kept results")
    row = shown.locator("tbody tr").filter(has_text="kept_by_this_test")
    expect(row).to_have_count(1)
    expect(shown.locator(".sub")).to_have_text(
        re.compile(r"^[\d,]+ results?, .+ of 1.+ GB\. Since .+ of .+ told from them, which saved .+\.$")
    )
    shown.get_by_role("button", name="Empty").click()
    expect(row).to_have_count(0)


def test_what_is_said_of_no_results(open_page: Open) -> None:
    page = open_page("/sql")
    none = {"entries": 0, "bytes": 0, "budget": 10**9, "told": 0, "run": 3, "milliseconds_saved": 0, "results": []}
    given(page, "results", none)
    went_to(page)
    shown = page.get_by_role("region", name="Kept results")
    says = "None yet; there is room for 1.0 GB. Since this server began 0 of 3 statements were told from them."
    expect(shown.locator(".sub")).to_have_text(says)
    expect(shown.get_by_role("button", name="Empty")).to_have_count(0)
