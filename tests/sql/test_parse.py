"""Only reading gets through; what is wrong has a position and the nearest names."""

from __future__ import annotations

import pytest

from lapwing.model.problem import LapwingError, NotFound, Refused, WrongUse
from lapwing.sql.service import SqlService
from lapwing.sql.text import Edit, apply

REFUSED = [
    ("insert into own.things values (1)", "not-a-query", 1),
    ("  update own.things set i = 1", "not-a-query", 3),
    ("delete from own.things", "not-a-query", 1),
    ("create table x as select 1", "not-a-query", 1),
    ("drop table own.things", "not-a-query", 1),
    ("copy (select 1) to 'x.csv'", "not-a-query", 1),
    ("attach 'x.db' as x", "not-a-query", 1),
    ("pragma database_list", "not-a-query", 1),
    ("set threads = 1", "not-a-query", 1),
    ("install httpfs", "not-a-query", 1),
    ("call pragma_version()", "not-a-query", 1),
    ("export database 'x'", "not-a-query", 1),
    ("explain select 1", "not-a-query", 1),
    ("with a as (insert into own.things values (1) returning *) select * from a", "not-a-query", 1),
    ("show tables", "not-a-query", 1),
    ("select 1; drop table own.things", "not-a-query", 1),
    ("select 1; select 2", "one-statement", 10),
    ("", "one-statement", 1),
    ("select * from read_csv('/etc/passwd')", "table-function-refused", 15),
    ("select * from own.things, read_text('/etc/passwd')", "table-function-refused", 27),
    ("select (select content from read_blob('/etc/passwd'))", "table-function-refused", 29),
    ("select * from query('select 1')", "table-function-refused", 15),
    ("select * from duckdb_secrets()", "table-function-refused", 15),
    ("select * from '/etc/passwd'", "unknown-table", 15),
    ('select * from "/etc/passwd"', "unknown-table", 15),
    ("select getenv('HOME')", "function-refused", 8),
    ("select $1", "parameter", 8),
]


@pytest.mark.parametrize(("text", "code", "column"), REFUSED)
def test_refused_with_position(local: SqlService, text: str, code: str, column: int) -> None:
    with pytest.raises(LapwingError) as caught:
        local.run(text)
    problem = caught.value.problems[0]
    assert (problem.code, problem.place and problem.place.column) == (code, column)


def test_syntax_errors_have_line_and_column(local: SqlService) -> None:
    with pytest.raises(WrongUse) as caught:
        local.plan("select *\nfrm own.things")
    place = caught.value.problems[0].place
    assert place is not None
    assert (place.line, place.column) == (2, 5)
    with pytest.raises((WrongUse, Refused)):
        local.plan("select 1 into x")


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "nearest"),
    [
        ("select * from owm.things", "unknown-source", 1, 15, ("own",)),
        ("select 'é', *\n  from own.thing", "unknown-table", 2, 8, ("own.things",)),
        ("select * from things", "unknown-table", 1, 15, ("own.things", "lite.things")),
        ("select i,\n  idd from own.things", "unknown-column", 2, 3, ("id",)),
        ("select a.v from lite.things a join own.things b on a.id = b.ix", "unknown-column", 1, 59, ()),
        ("select i from own.things where lenth(v) = 1", "unknown-function", 1, 32, ("length",)),
        ("select x.v from own.things a", "unknown-table", 1, 8, ()),
    ],
)
def test_unknown_names(
    local: SqlService, text: str, code: str, line: int, column: int, nearest: tuple[str, ...]
) -> None:
    with pytest.raises(NotFound) as caught:
        local.plan(text)
    problem = caught.value.problems[0]
    assert problem.place is not None
    assert (problem.code, problem.place.line, problem.place.column) == (code, line, column)
    assert set(nearest) <= set(problem.nearest)


def test_all_unknown_tables_at_once(local: SqlService) -> None:
    with pytest.raises(NotFound) as caught:
        local.plan("select * from own.thins, lite.bigg")
    assert [problem.nearest for problem in caught.value.problems] == [("own.things",), ("lite.big",)]


def test_wrong_types_and_divisions(local: SqlService) -> None:
    with pytest.raises(WrongUse, match="sum"):
        local.plan("select sum(v) from own.things")
    with pytest.raises(WrongUse, match="zero"):
        local.table("select 1 // 0")
    assert local.table("select 1 / 0 as x, 7 / 2 as y")["y"].to_pylist() == [3.5]
    with pytest.raises(WrongUse, match="metrics"):
        local.plan("select * from metrics.flights")


def test_names_work_as_people_write_them(local: SqlService) -> None:
    for text in (
        "select count(*) as c from OWN.Things",
        "select count(own.things.id) as c from own.things",
        "select count(own.main.things.id) as c from own.main.things",
        'select count(t.id) as c from "own" . "things" /* é */ as t',
        "from own.things select count(*) as c -- end",
        "with things as (select * from lite.things) select count(*) as c from things;",
        "select count(*) as c from own.things as things(a, b)",
        "select count(*) as c from range(12) r(x)",
    ):
        assert local.table(text).to_pylist() == [{"c": 12}], text


def test_edits_lead_back_to_the_original() -> None:
    edited = apply("é from a.b, c.d x", (Edit(8, 11, "(long text) AS b"), Edit(13, 16, "y")))
    assert edited.text == "é from (long text) AS b, y x"
    for found, column in (("from", 3), ("text", 8), ("y x", 13), ("x", 17)):
        at = len(edited.text[: edited.text.rindex(found)].encode())
        assert edited.place(at).column == column
