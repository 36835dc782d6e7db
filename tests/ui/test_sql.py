"""The SQL page: a first statement over three sources, run, plan, cancel, errors, completion, results, downloads."""

from __future__ import annotations

import csv
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import quote

import duckdb
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

Open = Callable[..., Page]
SLOW = "select count(*) from files.flights a, files.flights b where a.distance * b.distance % 7 = 3"


def write(page: Page, text: str) -> None:
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def asked(text: str) -> str:
    return "/sql?q=" + quote(text)


def cells(page: Page) -> list[list[str]]:
    rows = page.locator(".virtual tbody tr").all_inner_texts()
    return [row.strip().split("\t")[1:] for row in rows]


def test_it_opens_with_one_statement_over_three_sources(open_page: Open, flights_project: Any) -> None:
    page = open_page("/sql")
    editor = page.locator(".cm-content")
    expect(editor).to_contain_text("One statement over 3 sources")
    for table in ("files.flights", "airline.airlines", "weather.weather"):
        expect(editor).to_contain_text(table)
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".result-bar")).to_contain_text("16 rows")
    expect(page.locator(".run-state")).to_contain_text("from 3 sources")
    data = flights_project / "data"
    with duckdb.connect() as plain:
        plain.execute(f"attach '{data}/weather.duckdb' as weather (read_only)")
        plain.execute("create table names (carrier text, name text)")
        with closing(sqlite3.connect(data / "airline.db")) as airline:
            plain.executemany(
                "insert into names values (?, ?)", list(airline.execute("select carrier, name from airlines"))
            )
        rows = plain.execute(
            f"""select a.name, count(*), round(avg(w.temp), 1) from read_parquet('{data}/flights/*.parquet') f
            left join names a using (carrier)
            left join weather.weather w on w.origin = f.origin and w.time_hour = f.time_hour group by 1 order by 2 desc"""
        ).fetchall()
    assert [(name, int(n.replace(",", "")), float(t)) for name, n, t in cells(page)] == rows


def test_tables_in_the_statement_carry_the_plans_numbers(open_page: Open) -> None:
    page = open_page("/sql")
    expect(page.locator(".cm-content")).to_contain_text("weather.weather")
    page.locator("h1").evaluate("document.activeElement.blur()")
    page.keyboard.press("p")
    plan = page.get_by_role("complementary", name="Plan")
    expect(plan).to_contain_text("Before running")
    expect(plan.locator(".plan-source")).to_have_count(3)
    numbers = page.locator(".editor sup").all_inner_texts()
    assert sorted(numbers) == ["1", "2", "3"]
    plan.get_by_role("button", name="Close").click()
    expect(plan).to_have_count(0)


def test_the_plan_has_what_came_beside_what_was_expected(open_page: Open) -> None:
    page = open_page(asked("select name from airline.airlines where carrier <> 'nobody'"))
    page.get_by_role("button", name="Run").click()
    plan = page.get_by_role("complementary", name="Plan")
    expect(plan).to_contain_text("As it ran")
    rows = plan.locator(".plan-source .plan-line .num").first
    expect(rows).to_have_text(re.compile(r"^~\d+ 16$"))
    expect(plan.locator(".pushed")).to_contain_text("nobody")


def test_a_table_is_written_by_a_press(open_page: Open) -> None:
    page = open_page(asked("select count(*) from "))
    tables = page.get_by_role("complementary", name="Tables")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    tables.get_by_role("button", name="weather.planes").click()
    expect(page.locator(".cm-content")).to_contain_text("select count(*) from weather.planes")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".virtual tbody tr")).to_contain_text("3,322")


def test_completion_knows_tables_and_columns(open_page: Open) -> None:
    page = open_page(asked("select 1"))
    page.wait_for_load_state("networkidle")
    write(page, "select * from ")
    page.keyboard.type("airline.air")
    options = page.locator(".cm-tooltip-autocomplete li")
    expect(options.filter(has_text="airlines")).to_be_visible()
    page.keyboard.press("Escape")
    write(page, "select * from ")
    page.keyboard.type("metrics.f")
    expect(options).to_have_text(["flights"])
    page.keyboard.type("lights where sch")
    expect(options.first).to_have_text("scheduledtime")
    expect(page.locator(".cm-completionIcon")).to_have_count(0)
    page.keyboard.press("Escape")
    write(page, "")
    page.keyboard.type("select w.vis from weather.weather w")
    for _ in range(len(" from weather.weather w")):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+Space")
    expect(options.filter(has_text="visib")).to_be_visible()


def test_running_shows_progress_and_can_be_cancelled(open_page: Open, api: Any) -> None:
    page = open_page(asked(SLOW))
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".run-state")).to_contain_text("Cancelled")
    expect(page.get_by_role("button", name="Run")).to_be_enabled()
    for _ in range(100):
        running = [one for one in api("/queries")["queries"] if one["state"] == "running"]
        if not running:
            break
        time.sleep(0.1)
    assert running == []


def test_escape_cancels(open_page: Open) -> None:
    page = open_page(asked(SLOW))
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.locator(".editor sup")).to_have_text(["1,2", "1,2"])  # read twice
    page.keyboard.press("Escape")
    expect(page.locator(".run-state")).to_contain_text("Cancelled")
    expect(page.get_by_role("complementary", name="Plan")).to_contain_text("PlanCancelled")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("select * from files.flihgts", "flights"),
        ("select dpe_delay from files.flights", "dep_delay"),
        ("select * fro files.flights", "line 1, column 14"),
        ("delete from files.flights", "select"),
    ],
)
def test_mistakes_are_told_with_the_nearest_name(open_page: Open, text: str, says: str) -> None:
    page = open_page(asked(text), fails=True)
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile(says, re.IGNORECASE))
    assert "Traceback" not in page.get_by_role("alert").inner_text()


def test_an_error_has_no_plan_of_the_statement_before_beside_it(open_page: Open) -> None:
    page = open_page(asked("select name from airline.airlines"), fails=True)
    plan = page.get_by_role("complementary", name="Plan")
    page.get_by_role("button", name="Run").click()
    expect(plan).to_contain_text("As it ran")
    write(page, "select nam from airline.airlines")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no column nam.")
    expect(plan).to_have_count(0)
    expect(page.locator(".cm-tooltip-autocomplete")).to_have_count(0)


def test_the_wrong_word_is_underlined_until_it_is_changed(open_page: Open) -> None:
    page = open_page(asked("select carrier,\n       dpe_delay\nfrom files.flights"), fails=True)
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".cm-mistake")).to_have_text("dpe_delay")
    page.locator(".cm-content").press("x")
    expect(page.locator(".cm-mistake")).to_have_count(0)


def test_a_million_rows_scroll(open_page: Open) -> None:
    text = "select range as n, n % 3 = 0 as third, null as nothing, -12345678.50 - n as exact from range(100000)"
    page = open_page(asked(text))
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".result-bar")).to_contain_text("100,000 rows")
    assert page.locator(".virtual tbody tr").count() < 100
    page.locator(".virtual").evaluate("box => box.scrollTo(0, box.scrollHeight)")
    expect(page.locator(".virtual tbody tr").filter(has_text="99,999")).to_contain_text("true")
    expect(page.locator(".virtual tbody")).to_contain_text("null")
    expect(page.locator(".virtual tbody")).to_contain_text("−12,445,677.50")


def test_a_result_is_drawn(open_page: Open) -> None:
    page = open_page(asked("select origin, count(*) as n from files.flights group by 1 order by 1"))
    page.get_by_role("button", name="Run").click()
    page.get_by_role("tab", name="Chart").click()
    expect(page.get_by_role("list", name="n by origin").get_by_role("listitem")).to_have_count(3)
    page.get_by_role("tab", name="Table").click()
    expect(page.locator(".virtual tbody tr")).to_have_count(3)


def test_downloads_hold_all_rows_with_their_types(open_page: Open, tmp_path: Any) -> None:
    page = open_page(asked("select carrier, count(*) as n from files.flights group by 1 order by 1"))
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".result-bar")).to_contain_text("16 rows")
    with page.expect_download() as parquet:
        page.get_by_role("button", name="Parquet").click()
    parquet.value.save_as(tmp_path / "result.parquet")
    table = pq.read_table(tmp_path / "result.parquet")
    assert (table.num_rows, table.column_names, sum(table["n"].to_pylist())) == (16, ["carrier", "n"], 336_776)
    with page.expect_download() as text:
        page.get_by_role("button", name="CSV").click()
    text.value.save_as(tmp_path / "result.csv")
    with (tmp_path / "result.csv").open(newline="") as file:
        lines = list(csv.reader(file))
    assert (lines[0], len(lines)) == (["carrier", "n"], 17)


def test_the_link_reproduces_the_statement(open_page: Open) -> None:
    page = open_page(asked("select 1 as one"))
    write(page, "select 40 + 2 as answer")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".virtual tbody tr")).to_contain_text("42")
    page.goto(page.url)
    expect(page.locator(".cm-content")).to_have_text("select 40 + 2 as answer")


def test_format_keeps_the_meaning(open_page: Open) -> None:
    text = "select origin, count(*) n from files.flights where dest in ('BOS','it''s') and dep_delay >= 10.5 group by 1 limit 3"
    page = open_page(asked(text))
    page.get_by_role("button", name="Format").click()
    expect(page.locator(".cm-line").nth(2)).to_have_text(re.compile("^from"))
    shown = "".join(page.locator(".cm-content").inner_text().split())
    assert shown == "".join(text.split())


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_axe_finds_nothing(open_page: Open, audit: Any, width: int, theme: str) -> None:
    page = open_page("/sql", width=width, theme=theme, settled=True)
    assert audit(page) == []
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".result-bar")).to_contain_text("16 rows")
    assert audit(page) == []
