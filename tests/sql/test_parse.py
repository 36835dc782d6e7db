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
    ("with a as materialized (update own.things set i = 1 returning *) from a", "not-a-query", 1),
    ("with a as (select 1), b as (delete from own.things returning *) select * from a", "not-a-query", 1),
    ("explain analyze insert into own.things values (1)", "not-a-query", 1),
    ("merge into own.things using (select 1) on true when matched then delete", "not-a-query", 1),
    ("copy own.things from '/etc/passwd'", "not-a-query", 1),
    ("detach source_own", "not-a-query", 1),
    ("use source_own", "not-a-query", 1),
    ("reset threads", "not-a-query", 1),
    ("load json", "not-a-query", 1),
    ("begin", "not-a-query", 1),
    ("checkpoint", "not-a-query", 1),
    ("prepare p as select 1", "not-a-query", 1),
    ("execute p", "not-a-query", 1),
    ("create macro f(x) as x", "not-a-query", 1),
    ("create temp table x as select 1", "not-a-query", 1),
    ("comment on table own.things is 'x'", "not-a-query", 1),
    ("select * into x from own.things", "syntax", 10),
    ("show tables", "not-a-query", 1),
    ("describe own.things", "not-a-query", 1),
    ("from (summarize own.things)", "not-a-query", 1),
    ("table own.things", "unknown-table", 1),
    ("select * from own.things at (version => 1)", "sources-forget", 15),
    ("select 1; drop table own.things", "not-a-query", 1),
    ("select 1; select 2", "one-statement", 10),
    ("", "one-statement", 1),
    ("select * from read_csv('/etc/passwd')", "table-function-refused", 15),
    ("select * from own.things, read_text('/etc/passwd')", "table-function-refused", 27),
    ("select (select content from read_blob('/etc/passwd'))", "table-function-refused", 29),
    ("select * from query('select 1')", "table-function-refused", 15),
    ("select * from query_table('source_own.main.things')", "table-function-refused", 15),
    ("select * from glob('/etc/*')", "table-function-refused", 15),
    ("select * from sniff_csv('/etc/passwd')", "table-function-refused", 15),
    ("select * from json_execute_serialized_sql('x')", "table-function-refused", 15),
    ("select * from pragma_table_info('x')", "table-function-refused", 15),
    ("with x as (from read_text('/etc/passwd')) from x", "table-function-refused", 17),
    ("select 1 order by (select content from read_text('/etc/passwd'))", "table-function-refused", 40),
    ("select 1 limit (select count(*) from read_text('/etc/passwd'))", "table-function-refused", 38),
    ("select read_text('/etc/passwd')", "function-refused", 8),
    ("select json_serialize_plan('from read_text(''/etc/passwd'')')", "function-refused", 8),
    ("select [1].list_transform(lambda x: current_setting('threads'))", "function-refused", 37),
    ("select i from own.things order by write_log(v)", "function-refused", 35),
    ("select * from source_own.main.things", "unknown-source", 15),
    ("select * from system.information_schema.tables", "unknown-source", 15),
    ("select * from sqlite_master", "unknown-table", 15),
    ("select * from 'https://example.com/x.csv'", "unknown-table", 15),
    ("select * from duckdb_secrets()", "table-function-refused", 15),
    ("select * from '/etc/passwd'", "unknown-table", 15),
    ('select * from "/etc/passwd"', "unknown-table", 15),
    ("select getenv('HOME')", "function-refused", 8),
    ("select current_setting('threads')", "function-refused", 8),
    ("select nextval('s')", "function-refused", 8),
    ("select 1 where pg_sleep(9) is null", "function-refused", 16),
    ("select $1", "parameter", 8),
    ("select x'é'", "syntax", 1),
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
        ("select x.v from own.things a", "unknown-table", 1, 8, ("a",)),
        ("select * from own.things a join lite.things b using (idd)", "unknown-column", 1, 54, ("id",)),
        ("select * exclude (vv) from own.things", "unknown-column", 1, 19, ("v",)),
        ("select i::intt from own.things", "unknown-type", 1, 11, ("int",)),
        ("with x as (select 1) select * from y", "unknown-table", 1, 36, ()),
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


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("select 1,\n  cast(v as int) from lite.things where id = 1", "conversion", 2, 3),
        ("select 'é', t.i, cast(t.v as date)\nfrom lite.things t", "conversion", 1, 18),
        (f"select '{'long ' * 40}', v::int from own.things", "conversion", 1, 213),
        ("select '2013-13-01'::date", "conversion", 1, 20),
    ],
)
def test_values_that_do_not_fit_are_told_at_their_place(
    local: SqlService, text: str, code: str, line: int, column: int
) -> None:
    """The engine runs another text than the user wrote, and cuts the line it shows."""
    with pytest.raises(WrongUse) as caught:
        local.table(text)
    problem = caught.value.problems[0]
    assert problem.place is not None
    assert (problem.code, problem.place.line, problem.place.column) == (code, line, column)


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
