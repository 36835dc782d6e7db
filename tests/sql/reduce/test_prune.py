"""Columns that only conditions need, which the source has looked at, are not read; those that anything else needs are."""

from __future__ import annotations

import pytest

from lapwing.model.problem import LapwingError
from lapwing.sql import plans
from lapwing.sql.reduce import prune
from lapwing.sql.reduce.witness import witness
from lapwing.sql.service import SqlService

NOT_READ = {
    "select id from {s}.r where k > 2 order by id": ["k"],
    "select id from {s}.r where name not like '%a%' and name is not null order by id": ["name"],
    "select id from {s}.r where k < v order by id": ["k", "v"],
    "select id from {s}.r where v < k and day >= '2000-01-01' and day < '2000-02-01' order by id": ["v", "day", "k"],
    "select id from {s}.r where k is null order by id": ["k"],
    "select id from {s}.r where k in (3, 5) and name in ('a', 'b') order by id": ["k", "name"],
    "select count(*) c from {s}.r a join own.s b on a.id = b.id where a.v between 1 and 4": ["v"],
    "select b.id, a.id i from own.s b left join {s}.r a on a.id = b.k and a.v > 1 order by all": ["v"],
    "select b.id, a.id i from own.s b left join {s}.r a on a.id = b.k where a.v > 1 order by all": ["v"],
    "select id from own.s b where exists (select 1 from {s}.r a where a.id = b.k and a.v > 1) order by id": ["v"],
    "select id from own.s b where not exists (select * from {s}.r where {s}.r.id = b.k and r.v > 1) order by id": ["v"],
    "select id from (select id, v from {s}.r where k > 1) where v > 0 order by id": ["k"],
    "with a as (select id from {s}.r where k > 1) select id from a where id > 2 order by id": ["k"],
    "select id from {s}.r where k > 2 and (k > v or name = 'a') order by all": ["k", "v", "name"],
    "select id from {s}.r a where k > 2 and exists (select * from own.s) order by id": ["k"],
    "select b.* from {s}.r a join own.s b on a.id = b.id where a.k > 2 order by all": ["k"],
    "select a.id, w from {s}.r a, (select s.id, s.k as w from own.s) b where a.id = b.id and b.w > 2 and a.k > 2 order by all": [
        "k"
    ],
    "with recursive w as (select 3 x union select v from {s}.r join w on id = x where k > 2) select * from w order by all": [
        "k"
    ],
    "select id from {s}.r where day < now() and k > 2 order by id": ["k"],
    "select v from {s}.r group by v having count(*) > 1 order by v": [],
    "select id from {s}.r where k > 2 and left(name, 1) >= 'a' order by id": ["k", "name"],
    "select id from {s}.r where k > 2 and k < 9 and name in ('a', 'ä', 'A') and left(name, 1) < 'b' order by id": [
        "k",
        "name",
    ],
    "select b.id from own.s b join {s}.r a on a.id = b.k and left(a.name, 1) in ('a', '') and a.v > 0 order by all": [
        "name",
        "v",
    ],
    "select id, k from {s}.r where k > 1 and v = 3 order by all": ["v"],
    "select id from {s}.r where k > 1 order by id limit 2": ["k"],
}
READ = (
    "select id, k from {s}.r where k > 2 order by all",
    "select id from {s}.r where k > 2 order by k, id",
    "select id from {s}.r where k > 2 group by id, k order by all",
    "select * from {s}.r where k > 2 order by all",
    "select r.* from {s}.r where k > 2 order by all",
    "select r from {s}.r where k > 2 order by all",
    "select columns('k|id') from {s}.r where k > 2 order by all",
    "select #2 + 0 x, id from {s}.r where k > 2 order by all",
    "select id from {s}.r where k > 2 and k % 2 = 1 order by all",
    "select id from {s}.r where exists (select r.k) and k > 2 order by all",
    "select id from own.s b where exists (select k from {s}.r a where a.id = b.k and k > 2 group by k having min(k) < 9)",
    "select a.id from {s}.r a join own.s b on a.k = b.k where a.k > 2 order by all",
    "select a.id from {s}.r a join own.s b using (k) where a.k > 2 order by all",
    "select id from {s}.r a where k > 2 and exists (select 1 from own.s b where b.id = k) order by all",
    "select id from {s}.r a where k > 2 and exists (select 1 from own.s b where b.id = a.k) order by all",
    "select id, (select sum(a.k + b.id) from own.s b) x from {s}.r a where k > 2 order by all",
    "select id, lag(k) over (order by id) x from {s}.r where k > 2 order by all",
    "select id from {s}.r where k > 2 qualify row_number() over (partition by k order by id) = 1 order by all",
    "select distinct on (k) k is null n from {s}.r where k > 2 order by all",
    "select id from {s}.r where k > 2 order by columns('k|id')",
    "select id from {s}.r where abs(k) > 2 order by all",
    "select count(r) c from {s}.r where k > 2 and id >= 0 group by random() < 2",
    "select id from {s}.r where k > 2 and k < 2 order by id",
    "select id, x from (select id, v as k, k as x from {s}.r where v > 1) where x > 0 and left(x::varchar, 1) < '5' order by all",
    "from {s}.r where k > 2 order by all",
    "select * from {s}.r where k > 2 and exists (select * from own.s) order by all",
    "select id from own.s where exists (select distinct columns('^k') from {s}.r where id > -5 and k > -2 offset 1)",
    "from own.s where exists (select columns('^k') from {s}.r where id > -5 and k > -2 group by all having count(*) > 5)",
)
"""All of these need the column `k`."""


@pytest.fixture(autouse=True)
def however_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prune, "FEW", -1)
    monkeypatch.setattr(plans, "SECONDS", -1.0)


def unread(service: SqlService, text: str) -> list[str]:
    return [column.name for scan in service.ready(text).scans for column in scan.unread]


@pytest.mark.parametrize("source", ["pg", "my"])
@pytest.mark.parametrize("text", NOT_READ)
def test_what_only_conditions_need_is_not_read(scattered: SqlService, text: str, source: str) -> None:
    spread = text.replace("{s}", source)
    assert sorted(unread(scattered, spread)) == sorted(NOT_READ[text])
    assert scattered.table(spread).to_pylist() == scattered.table(text.replace("{s}", "own")).to_pylist()


@pytest.mark.parametrize("source", ["pg", "my"])
@pytest.mark.parametrize("text", READ)
def test_what_anything_else_needs_is_read(scattered: SqlService, text: str, source: str) -> None:
    spread = text.replace("{s}", source)
    assert "k" not in unread(scattered, spread)
    assert scattered.table(spread).to_pylist() == scattered.table(text.replace("{s}", "own")).to_pylist()


@pytest.mark.parametrize("source", ["pg", "my", "lite"])
@pytest.mark.parametrize(
    "text",
    [
        "select b.id, a.id i from own.s b left join {s}.r a on a.id = b.k where a.v > 1 and left(a.name, 1) >= 'a' order by all",
        "select b.id, a.id i from own.s b left join {s}.r a on a.id = b.k and left(a.name, 1) >= 'a' and a.v > 1 order by all",
        "select b.id, a.id i from {s}.r a left join own.s b on a.id = b.k and left(a.name, 1) >= 'a' and a.v > 1 order by all",
        "select name x from (select w as name from (select left(name, 1) w from {s}.r)) where left(name, 2) > 'a' order by all",
    ],
)
def test_conditions_that_may_fail_leave_out_what_they_should(scattered: SqlService, text: str, source: str) -> None:
    assert (
        scattered.table(text.replace("{s}", source)).to_pylist()
        == scattered.table(text.replace("{s}", "own")).to_pylist()
    )


@pytest.mark.parametrize("source", ["pg", "my", "lite", "own"])
def test_a_day_that_there_is_not_is_the_engines_to_tell(scattered: SqlService, source: str) -> None:
    with pytest.raises(LapwingError) as told:
        scattered.table(f"select id from {source}.r where day = '2000-02-30' and k > 0")
    assert told.value.problems[0].code == "conversion"


def test_sources_whose_columns_hold_anything_send_what_they_compare(scattered: SqlService) -> None:
    assert unread(scattered, "select id from lite.r where k > 2") == []


def test_what_stands_for_a_column_must_meet_its_conditions(
    scattered: SqlService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any other value would leave rows out."""
    text = "select id from pg.r where k > 2 and id > -9 order by id"
    right = scattered.table(text).to_pylist()
    assert right
    monkeypatch.setattr(prune, "witness", lambda asked, cursor: [["1"] for _ in asked])
    assert scattered.table(text + " nulls last").to_pylist() == []


def test_rows_that_another_scan_reads_have_what_conditions_need(scattered: SqlService) -> None:
    """The second mention takes rows of the first, and leaves out what its own condition does."""
    text = "select a.id, b.id i from {s}.r a join {s}.r b on a.id = b.k where a.v > 1 order by all"
    plan = scattered.ready(text.replace("{s}", "pg"))
    assert [scan.shares for scan in plan.scans] == ["scan1", None]
    assert {column.name for column in plan.scans[1].columns} == {"id", "k", "v"}
    assert (
        scattered.table(text.replace("{s}", "pg")).to_pylist()
        == scattered.table(text.replace("{s}", "own")).to_pylist()
    )


def test_a_column_that_no_other_condition_needs_is_read_for_one_that_does(scattered: SqlService) -> None:
    text = "select a.id, b.id i from {s}.r a join {s}.r b on a.id = b.k where a.v > 1 and a.name = 'a' and b.v > 1 order by all"
    plan = scattered.ready(text.replace("{s}", "pg"))
    assert [scan.shares for scan in plan.scans] == ["scan1", None]
    assert {column.name for column in plan.scans[1].columns} == {"id", "k", "v", "name"}
    assert (
        scattered.table(text.replace("{s}", "pg")).to_pylist()
        == scattered.table(text.replace("{s}", "own")).to_pylist()
    )


def test_each_is_told_its_own_value(scattered: SqlService) -> None:
    from lapwing.sources.base import Column

    asked = [([Column("x", "BLOB")], ["x is not null"]), ([Column("x", "INTEGER")], ["x > 7"])]
    with scattered._planning.cursor("UTC") as cursor:
        assert witness(asked, cursor) == [None, ["8"]]


def test_too_many_combinations_are_not_tried(scattered: SqlService) -> None:
    from lapwing.sources.base import Column

    columns = [Column(name, "INTEGER") for name in ("x", "y", "z")]
    with scattered._planning.cursor("UTC") as cursor:
        few = [f"x in ({', '.join(map(str, range(3)))})", "y > x", "z > y"]
        assert witness([(columns, few)], cursor) != [None]
        many = [f"x in ({', '.join(map(str, range(30)))})", "y > x", "z > y"]
        assert witness([(columns, many)], cursor) == [None]


def test_explain_tells_it(scattered: SqlService) -> None:
    text = "select id from pg.r where k > 2"
    assert "not read, needed by nothing else: k" in scattered.explain(text)
    assert scattered.explained(text).document["scans"][0]["unread"] == ["k"]


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        ("INTEGER", "x > 7"),
        ("INTEGER", "x <> 0 and x <> 1"),
        ("DECIMAL(9,2)", "x between 0.05 and 0.07"),
        ("DOUBLE", "x < -3.5"),
        ("VARCHAR", "x like 'it''s%'"),
        ("VARCHAR", "x not like 'b' and x > 'b'"),
        ("VARCHAR", "x is null"),
        ("DATE", "x >= '2024-02-29' and x < '2024-03-01'"),
        ("TIMESTAMP", "x > '2024-02-29 10:00:00'"),
        ("BOOLEAN", "not x"),
    ],
)
def test_a_value_is_found(kind: str, condition: str, scattered: SqlService) -> None:
    from lapwing.sources.base import Column

    with scattered._planning.cursor("UTC") as cursor:
        (found,) = witness([([Column("x", kind)], [condition])], cursor)
        assert found is not None
        text = "NULL" if found[0] is None else "'" + found[0].replace("'", "''") + "'"
        assert cursor.execute(f"SELECT {condition} FROM (SELECT CAST({text} AS {kind}) AS x)") == [(True,)]


@pytest.mark.parametrize(
    ("kind", "condition"),
    [("INTEGER", "x > 7 and x < 3"), ("BLOB", "x is not null"), ("TIMESTAMPTZ", "x > '2024-01-01'")],
)
def test_where_there_is_none_nothing_stands_for_it(kind: str, condition: str, scattered: SqlService) -> None:
    from lapwing.sources.base import Column

    with scattered._planning.cursor("UTC") as cursor:
        assert witness([([Column("x", kind)], [condition])], cursor) == [None]
