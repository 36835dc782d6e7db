"""Groups made by the sources give what the engine makes of their rows, in value and type."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from lapwing.sql import plans
from lapwing.sql.aggregate import block, leaves, push
from lapwing.sql.aggregate.parts import Parts
from lapwing.sql.service import SqlService

SOURCES = ("lite", "pg", "my")
PUSHED = [
    "select l, count(*) from {s}.things where i // 2 = 1 group by l order by l",
    "select count(*), sum(id) from {s}.things where i in (select i from {s}.things where l) and v < 'b'",
    "select count(*) from {s}.things",
    "select count(*), count(i), sum(id), min(i), max(i), avg(i) from {s}.things",
    "select l, count(*) c, sum(i), avg(id), min(d), max(d) from {s}.things group by l order by l",
    "select l, i, count(*) from {s}.things group by all order by all",
    "select i, sum(id) total from {s}.things where id > 2 group by i having sum(id) > 5 order by 2 desc, 1 limit 3",
    "select v, count(*) from {s}.things group by v order by v",
    "select distinct v, l from {s}.things order by all",
    "select distinct i from {s}.things where i > 100 order by i",
    "select count(distinct i), sum(id) from {s}.things",
    "select l, count(distinct v), count(*) from {s}.things group by l order by l",
    "select i + 1 as j, sum(id) from {s}.things group by i + 1 order by j",
    "select i % 2 as odd, count(*) c from {s}.things where i is not null group by odd having c > 1 order by odd",
    "select l, sum(id) filter (where i > 3), count(*) filter (where l) from {s}.things group by l order by l",
    "select sum(case when i > 3 then 1 else 0 end) from {s}.things where d < '2020-06-01'",
    "select count(*), sum(i), max(d) from {s}.things where i = 12345",
    "select l, count(*) from {s}.things where i = 12345 group by l",
    "select x.l, n from (select l, count(*) n from {s}.things group by l) x where n > 2 order by 1",
    "select * from (select l, count(*), sum(id) from {s}.things group by l) order by 1",
    'select "sum(id)" from (select l, sum(id) from {s}.things group by l) order by 1',
    "with g as (select l, sum(id) t from {s}.things group by l) select a.l, b.t from g a join g b on a.t = b.t order by 1",
    "select l, d, count(*), grouping(l) from {s}.things group by rollup (l, d) order by 1, 2, 4, 3",
    "select l, count(*) from {s}.things t where t.i > 0 group by t.l having count(*) > (select 1) order by 1",
    "select l, count(*) from {s}.things group by 1 order by count(*) desc, 1 limit 2",
    "select count(*) + sum(id) * 2, -max(i), count(*) = 12 from {s}.things",
    "select coalesce(l, false) as l, count(*) from {s}.things group by l order by 2, 1",
    "select l, most from (select l, max(i) as most, count(*) n from {s}.things group by l) where most > 4 order by all",
    "select 1 as one from {s}.things group by l",
    "select (select count(*) from {s}.things), 1 as one",
    "select l, count(*) from {s}.things group by l union all select null, count(*) from {s}.things order by all",
    "select 'x' as x, count(*) from {s}.things where i = 12345 group by all",
    "select l, count(*) from {s}.things group by l, 'x' order by l",
    (
        "select l as k, (select count(*) from {s}.things x where x.id > 3 and k) as c, count(*) from {s}.things group "
        "by l order by 1"
    ),
    "select count(*) from {s}.things where i > 3 or 1 = 1",
    "select l, count(distinct l), count(*) from {s}.things group by l order by l",
    "select date_trunc('month', d + 1) as m, count(*) from {s}.things group by m order by m",
    "select d::varchar as x, count(*) from {s}.things group by x order by x",
    "select d::timestamp as x, count(*) from {s}.things group by x order by x",
]
DECIMALS = [
    "select l, sum(n), avg(n), min(n), max(n), count(n) from {s}.things group by l order by l",
    "select sum(id * 2 - 1), sum(id + i) from {s}.things where d < '2020-06-01'",
    "select n, sum(id) from {s}.things group by n having sum(n) > 1.5 order by n",
    "select min(t), max(t), l from {s}.things group by l order by l",
    "select date_trunc('minute', t) as x, count(*) from {s}.things group by x order by x",
    "select t::varchar as x, count(*) from {s}.things group by x order by x",
]
DECIMAL_ARITHMETIC = [
    "select sum(n * (1 - n)), sum(n * n * n), avg(n * 2) from {s}.things where n < 100",
    "select l, sum(n * n * n), sum(n * n) from {s}.things where n < 100 group by rollup (l) order by l nulls last, 2",
]
TIMES = [
    "select date_trunc('month', d) as m, count(*), sum(id) from {s}.things group by m order by m",
    "select year(d), month(d), count(*) from {s}.things group by all order by all",
    "select extract(year from t.d), max(id) from {s}.things t group by 1 having count(*) > 1 order by 1",
    "select date_trunc('year', d), d, count(*) from {s}.things group by 1, 2 order by all",
    "select date_trunc('day', d) as d, count(*) c from {s}.things group by date_trunc('day', d) order by c desc, 1 limit 2",
    "select d::date as d, count(*) from {s}.things group by 1 order by 1",
    "select distinct date_part('month', d) + 1 as next from {s}.things order by 1",
    "select day(d) % 2 as odd, l, count(*) from {s}.things where d > '2000-01-01' group by rollup (odd, l) order by all",
    "select case when year(d) > 2000 then 'new' end as age, count(*) from {s}.things group by age order by age",
    "select m, n from (select date_trunc('month', d) m, count(*) n from {s}.things group by 1) where m > '2000-01-01' order by 1",
]
MOMENTS = [
    "select date_trunc('hour', t) as h, count(*) from {s}.things group by h order by h",
    "select t::date, hour(t), minute(t), count(*) from {s}.things group by all order by all",
    "select date_part('dow', t), date_part('doy', t), date_part('minute', t), count(*) from {s}.things group by all order by all",
    "select quarter(t), dayofweek(t), isodow(t), week(t), dayofyear(t), count(*) from {s}.things group by all order by all",
    "select date_trunc('quarter', t), year(t) from {s}.things group by 1, 2 order by all",
]
ZONED = [
    "select date_trunc('month', z) as x, count(*), sum(id) from {s}.wide group by x order by x",
    "select z::date as x, count(*) from {s}.wide group by x order by x",
    "select hour(z), day(z), count(*) from {s}.wide group by all order by all",
]
WIDE = [
    "select l, sum(m), avg(m), count(m), min(m) from {s}.wide group by l order by l",
    "select l, avg(m) from {s}.wide group by rollup (l) order by l, 2",
    "select sum(m), avg(m) from {s}.wide where id = 6",
]
"""Over decimals of more digits than a sum has by itself."""
USED = [
    "select i, count(*), sum(b.id) from pg.things a join pg.things b using (i) group by i order by i",
    "select i, b.i, count(*), count(b.id) from pg.things a left join pg.things b using (i, l) group by all order by all",
    "select l, count(*) from pg.things a join pg.things b using (l) join pg.things c using (l) where l group by 1 order by 1",
    "select a.l, sum(c.n) from pg.things a left join pg.things b using (id) join pg.big c on b.i = c.n group by 1 order by 1",
    "select i, sum(b.id) from pg.things a join pg.things b using (i) where a.i + 1 > 3 group by i having i < 8 order by i",
]
USED_EARLY = [
    "select l, sum(p.id), max(o.id) from own.things o join pg.things p using (l) group by l order by 1",
    "select l, p.l, sum(p.id) from own.things o left join pg.things p using (l, i) group by all order by all",
    "select i, sum(p.id), count(*) from pg.things p left join own.things o using (i) where i > 2 group by i order by i",
    "select sum(p.id) from own.things o join pg.things p using (i) join lite.things t using (i) where i <> 5",
]
CUT_JOINED = [
    "select year(a.d), sum(b.g) from pg.big b join pg.things a on a.id = b.n group by 1 order by 1",
    "select date_trunc('month', b.d) m, a.l, count(*) from pg.things a join pg.things b on a.i = b.i group by all order by all",
    "select year(p.d), o.l, sum(p.id) from own.things o join pg.things p on o.i = p.i group by 1, 2 order by all",
    "select date_trunc('year', p.d), count(p.i) from own.things o left join pg.things p on o.i = p.i group by 1 order by 1",
    "select date_trunc('month', o.d) m, sum(p.id) from own.things o join pg.things p on o.i = p.i group by 1 order by 1",
]
KEPT = [
    "select l, sum(i) from {s}.things t group by l having sum(i) > (select max(i) from {s}.things x where x.l = t.l) order by l",
    "select sum(f) from {s}.things",
    "select f, count(*) from {s}.things group by f order by f",
    "select l, string_agg(v, ',' order by id) from {s}.things group by l order by l",
    "select distinct on (l) l, id from {s}.things order by l, id",
    "select i, sum(id) over (partition by l) from {s}.things order by all",
    "select l, stddev(i) from {s}.things group by l order by l",
    "select 'x' as x, count(*) from {s}.things where i = 12345 group by 'x'",
    "select a.l, (select count(*) from {s}.things b where b.i = a.i) from {s}.things a order by a.id",
    "select count(*) from {s}.things using sample 100 percent (bernoulli)",
    "select distinct random() < 2 as x from {s}.things",
    "select distinct 1 as one from {s}.things where i = 12345",
    "select l, max(id, 2) from {s}.things group by l order by l",
    "select l, stddev(distinct i) from {s}.things group by l order by l",
    "select count(distinct i) filter (where l) from {s}.things",
    "select i, count(*) from {s}.things t(i, id) group by i order by i",
    "select count(*) from {s}.things tablesample 50 percent (bernoulli)",
    "select l, max(v) from {s}.things group by l order by l",
    "select max(f) from {s}.things",
    "select l, sum(id) export_state from {s}.things group by l order by l",
    "select l, (select t.* exclude (id, i, v, w, f, n, d, t)) as x, count(*) from {s}.things t group by l order by l",
    "select l, count(*) from {s}.things group by l qualify row_number() over (order by l) = 1",
    "select count(*) from (select l, random() as r, count(*) from {s}.things group by all)",
]


JOINED = [
    "select a.l, count(*), sum(b.id) from pg.things a join pg.things b on a.i = b.i group by a.l order by a.l",
    "select a.id, b.id, count(*) from pg.things a, pg.things b where a.l = b.l and a.d < b.d group by a.id, b.id order by all",
    (
        "select a.v, count(b.id), count(*), sum(b.i), max(b.d) from pg.things a left join pg.things b on a.i = b.i and b.id > 4 "
        "group by a.v order by a.v"
    ),
    "select id from (select b.id, count(*) n from pg.things a join pg.things b on a.l = b.l group by 1) where n > 3 order by 1",
    "select a.l, b.l, count(distinct a.v) from pg.things a join pg.things b on a.id < b.id group by 1, 2 order by all",
    "select sum(a.id * b.id), avg(a.i - b.id) from pg.things a join pg.things b on a.l = b.l where a.v <> 'b' and b.id + 1 > 3",
    "select a.l, sum(g.n) from pg.things a join pg.big g on a.id = g.n where g.n < 100000 - 5 group by a.l order by 1",
    "select a.l, count(*) from pg.things a left join pg.big g on a.id = g.n where g.n is null or g.g > 3 group by a.l order by 1",
    "select distinct a.l, b.l from pg.things a cross join pg.things b order by all",
    "select a.l, count(*) from pg.things a join pg.things b on a.i // 2 = b.i group by a.l order by a.l",
    "select a.l, count(*) c from pg.things a join (pg.things b join pg.big g on b.id = g.n) on a.i = b.i group by a.l order by 1",
    "select a.l, sum(1) from pg.things a left join (pg.things b join pg.big g on b.id = g.n) on a.i = g.g group by 1 order by 1",
    "select a.l as kind, count(*) from pg.things a join pg.things b on a.i = b.i group by a.l order by a.l",
    "select a.l as g, count(*) from pg.things a join pg.big b on a.id = b.n group by a.l, g order by all",
    "select a.l as g, count(*) from pg.things a join pg.big b on a.id = b.n group by a.l, b.g having g > 3 order by g, 2, b.g",
    "select w.id, t.id, w.w_id, count(*), sum(t.i) from pg.wide w join pg.things t on w.l = t.l group by all order by all",
    "select -a.id as g, count(*) from pg.things a join pg.big b on a.id = b.n group by a.id, b.g order by g + 1, a.id",
]
EARLY = [
    "select o.l, count(*), sum(p.i), min(p.d), max(p.i) from own.things o join pg.things p on o.i = p.i group by o.l order by 1",
    (
        "select o.l, count(p.i), sum(p.id), max(p.d) from own.things o left join pg.things p on o.i = p.i and p.v <> 'a' "
        "group by o.l order by 1"
    ),
    "select o.l, count(*), sum(p.id) from pg.things p left join own.things o on o.i = p.i and o.id > 5 group by o.l order by 1",
    (
        "select o.l, sum(p.n) from own.things o, pg.things p where o.i = p.i and p.d >= '2019-06-01' and o.id <> p.id "
        "group by o.l order by 1"
    ),
    "select sum(p.g), avg(p.n), count(*) from own.things o join pg.big p on o.id = p.g",
    (
        "select o.l, sum(a.id), count(*) from own.things o join pg.things a on o.i = a.i join pg.things b on a.l = b.l "
        "group by o.l order by 1"
    ),
    "select count(*) from own.things o join pg.things p on o.l = p.l join lite.things t on t.i = p.i",
    "select o.v, max(o.id), count(distinct o.i), sum(p.i) from own.things o join pg.things p on o.l = p.l group by 1 order by 1",
    (
        "select o.l, sum(p.id) from own.things o join pg.things p on o.i = p.i "
        "where exists (select 1 from own.things x where x.id = p.l::int) group by o.l order by 1"
    ),
    "select q.l, sum(p.id) from (select distinct l from own.things) q join pg.things p on p.l = q.l group by all order by all",
    "select p.l, o.l, count(*) from own.things o join pg.things p on true group by p.l, o.l having sum(p.id) > 5 order by all",
    "select sum(p.id) from own.things o join pg.things p on o.l = p.l where o.id > 2 or p.i > 3",
    "select q.j, sum(p.id) from pg.things p, (select p.i + 1 as j) q group by 1 order by 1",
    (
        "select o.l, sum(p.id), count(p.id) from own.things o left join pg.things p on o.i = p.i join own.things x on "
        "p.id > 6 and x.id = o.id group by 1 order by 1"
    ),
    (
        "select o.l, count(p.i) filter (where p.id is null or p.id > 3) from own.things o left join pg.things p on o.i "
        "= p.i group by 1 order by 1"
    ),
    "select a.l, sum(b.id) from pg.things a left join pg.things b on a.i // 2 = b.i group by 1 order by 1",
    (
        "select o.l, sum(p.id) from own.things o left join (own.things x left join pg.things p on x.i = p.i and p.v <> "
        "'a') on o.id = x.id group by 1 order by 1"
    ),
    "select i, sum(p.id) from own.big b join pg.things p on b.n = p.id join lite.things t using (i) group by i order by i",
    (
        "select o.l, sum(p.id), max(p.d) from pg.things p join own.things o on o.i = p.i group by o.l "
        "having min(p.id) > 1 and max(o.id) > 2 order by sum(p.id), 1"
    ),
    (
        "select o.l, sum(p.id) from own.things o left join (own.things x join pg.things p on x.i = p.i) on o.id = x.id "
        "where p.id > 3 group by 1 order by 1"
    ),
    "select o.l, count(*), sum(p.id) from pg.things p left join own.things o on o.i = p.i and p.id > 5 group by 1 order by 1",
]
READ = [
    "select p.l, count(*), sum(m.id) from pg.things p join my.things m on p.i = m.i group by p.l order by 1",
    "select t.l, sum(m.id) from lite.things t, my.things m, pg.things p where t.i = m.i and m.l = p.l group by 1 order by 1",
    "select o.id, (select sum(p.id) from pg.things p where p.i = o.i) from own.things o order by 1",
    "select o.l, count(*), sum(p.id) from own.things o left join pg.things p on o.i = p.i group by o.l order by 1",
    "select o.l, sum(o.id) from own.things o join pg.things p on o.i = p.i group by o.l order by 1",
    "select sum(o.id * p.id) from own.things o join pg.things p on o.i = p.i",
    "select o.l, count(coalesce(p.i, 0)) from own.things o left join pg.things p on o.i = p.i group by o.l order by 1",
    "select o.l, sum(p.id) from own.things o full join pg.things p on o.i = p.i group by o.l order by 1",
    "select l, sum(p.id) from own.things o right join pg.things p using (l) group by l order by 1",
    "select l, sum(p.id) from own.things o full join pg.things p using (l) group by l order by 1",
    "select o.l, sum(p.id) from own.things o natural join pg.things p group by o.l order by 1",
    "select o.l, p.id from own.things o join pg.things p on o.i = p.i order by all",
    "select a.l, b.id from pg.things a join pg.things b on a.i = b.i order by all",
    "select o.id, sum(p.id) over () from own.things o join pg.things p on o.i = p.i order by all",
    "select n, count(*) from lite.things group by n order by n",
    "select sum(p.id) from (select id, i from own.things) q join own.big b on q.id = b.n join pg.things p using (i)",
    "select max(o.id), sum(p.id) from own.things o, pg.things p where p.i = 12345",
    (
        "select o.l, count(*), sum(p.id) from own.things o left join (own.things x join pg.things p on x.i = p.i) "
        "on o.id = x.id group by 1 order by 1"
    ),
]

APART = [
    (
        "select a.l, count(*) from pg.things a join pg.big g on a.id = g.n group by a.l "
        "having count(*) > (select min(x.id) from pg.things x where x.l = a.l) order by 1"
    ),
]
"""Over tables of one source, which are not taken together."""


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups are made by the source, worth it or not."""
    monkeypatch.setattr(plans, "SECONDS", -1.0)  # what is changed here is planned anew
    monkeypatch.setattr(push, "FEW", -1)
    monkeypatch.setattr(push, "SHARE", float("inf"))
    monkeypatch.setattr(push, "PICKED_SHARE", float("inf"))


def same(service: SqlService, text: str, source: str, *, pushed: bool) -> None:
    here = text.replace("{s}", source)
    own = service.table(re.sub(r"(\{s\}|\bpg|\blite|\bmy)\.(?=things|big|wide)", "own.", text))
    plan = service.plan(here)
    assert any(scan.table.body for scan in plan.scans) is pushed, service.explain(here)
    with service.run(here) as running:
        got = pa.Table.from_batches(list(running), running.schema)
        assert not running.plan.notes, running.plan.notes
    assert running.schema.types == own.schema.types
    assert [name.replace(f"{source}.", "own.") for name in running.schema.names] == own.schema.names
    assert rows(got) == rows(own), service.explain(here)


def rows(table: pa.Table) -> list[tuple[object, ...]]:
    """Means without their last bit, which is another where the engine finds them by way of a sum."""
    columns = [column.to_pylist() for column in table.columns]
    return [
        tuple(float(f"{one:.15g}") if isinstance(one, float) else one for one in row)
        for row in zip(*columns, strict=True)
    ]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("text", PUSHED)
def test_made_by_the_source(everywhere: SqlService, text: str, source: str) -> None:
    same(everywhere, text, source, pushed=True)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("text", TIMES)
def test_times_are_cut_by_the_source(everywhere: SqlService, text: str, source: str) -> None:
    same(everywhere, text, source, pushed=True)
    (scan,) = everywhere.plan(text.replace("{s}", source)).scans
    assert any(column.name.startswith("scan0k") for column in scan.columns), scan.sql


@pytest.mark.parametrize("source", ["pg", "my"])
@pytest.mark.parametrize("text", MOMENTS)
def test_moments_are_cut_by_the_source(everywhere: SqlService, text: str, source: str) -> None:
    same(everywhere, text, source, pushed=True)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("source", ["pg", "my"])
@pytest.mark.parametrize("text", ZONED)
def test_moments_are_cut_by_the_source_where_its_clock_is_ours(
    everywhere: SqlService, text: str, source: str, zone: str
) -> None:
    here, own = text.replace("{s}", source), text.replace("{s}", "own")
    with everywhere.run(here, zone=zone) as running:
        got = pa.Table.from_batches(list(running), running.schema)
    with everywhere.run(own, zone=zone) as expected:
        assert got == pa.Table.from_batches(list(expected), expected.schema)
    (scan,) = running.plan.scans
    assert any(column.name.startswith("scan0k") for column in scan.columns) is (zone == "UTC"), scan.sql


@pytest.mark.parametrize("source", ["pg", "my"])
@pytest.mark.parametrize("text", WIDE)
def test_wide_decimals(everywhere: SqlService, text: str, source: str) -> None:
    same(everywhere, text, source, pushed=True)


@pytest.mark.parametrize("source", ["pg", "my"])
@pytest.mark.parametrize("text", DECIMALS)
def test_decimals_and_times(everywhere: SqlService, text: str, source: str) -> None:
    same(everywhere, text, source, pushed=True)


@pytest.mark.parametrize(
    "text", ["select v, count(*) from lite.folded group by v order by v", "select distinct v from lite.folded"]
)
def test_texts_that_a_column_takes_for_the_same_are_groups_of_their_own(everywhere: SqlService, text: str) -> None:
    assert everywhere.plan(text).scans[0].table.body
    assert sorted(rows(everywhere.table(text))) == sorted(rows(everywhere.table(text.replace("lite.", "own."))))


@pytest.mark.parametrize("text", DECIMAL_ARITHMETIC)
def test_arithmetic_with_decimals(everywhere: SqlService, text: str) -> None:
    same(everywhere, text, "pg", pushed=True)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("text", KEPT)
def test_made_by_the_engine(everywhere: SqlService, text: str, source: str) -> None:
    if "sample" in text or "random() < 2" in text:
        plan = everywhere.plan(text.replace("{s}", source))
        assert not any(scan.table.body for scan in plan.scans)
    else:
        same(everywhere, text, source, pushed=False)


@pytest.mark.parametrize("text", [*JOINED, *USED, *EARLY, *USED_EARLY, *CUT_JOINED])
def test_joined_tables(everywhere: SqlService, text: str) -> None:
    same(everywhere, text, "pg", pushed=True)
    if text in JOINED + USED:
        assert len(everywhere.plan(text).scans) == 1


@pytest.mark.parametrize("text", APART)
def test_joined_tables_that_are_not_taken_together(everywhere: SqlService, text: str) -> None:
    assert len(everywhere.plan(text).scans) > 1, everywhere.explain(text)
    assert rows(everywhere.table(text)) == rows(everywhere.table(text.replace("pg.", "own.")))


@pytest.mark.parametrize("text", READ)
def test_joined_tables_whose_rows_are_needed(everywhere: SqlService, text: str) -> None:
    same(everywhere, text, "pg", pushed=False)


GUARDS = {
    "joins that keep rows of the right side": (
        "_Reading",
        'not in ("INNER", "LEFT")',
        'not in ("INNER", "LEFT", "RIGHT")',
        "select a.id, b.id, count(*) from pg.things a right join pg.things b on a.id = b.i group by all order by all",
    ),
    "joins by whatever is called alike": (
        "_Reading",
        '("REGULAR", "CROSS")',
        '("REGULAR", "CROSS", "NATURAL")',
        "select a.l, count(*) from pg.things a natural join pg.things b group by 1 order by 1",
    ),
    "joins by USING": (
        "_Reading",
        'for name in map(str.lower, node["using_columns"]):',
        "for name in ():",
        "select a.l, b.l, count(*) from pg.things a join pg.things b using (id) group by all order by all",
    ),
}
"""What is guarded -> where, the guard's text, what is put in its place, and a statement that then has other rows."""


@pytest.mark.parametrize("what", GUARDS)
def test_without_its_guard_groups_are_wrong(everywhere: SqlService, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, guard, instead, text = GUARDS[what]
    source = inspect.getsource(getattr(leaves, name))
    assert guard in source
    right = rows(everywhere.table(text.replace("pg.", "own.")))
    assert rows(everywhere.table(text)) == right
    mutant = dict(vars(leaves))
    exec(compile(source.replace(guard, instead), leaves.__file__, "exec"), mutant)
    monkeypatch.setattr(leaves, name, mutant[name])
    assert rows(everywhere.table(text)) != right


def test_having_and_limits_go_to_the_source_where_a_group_is_one(everywhere: SqlService) -> None:
    text = "select g, count(*) as c from pg.big where n > 10 group by g having count(*) > 28570 order by g"
    (scan,) = everywhere.plan(text).scans
    assert [one.text for one in scan.pushed] == ["scan0g0n > 28570"]
    assert "GROUP BY" in scan.sql
    assert everywhere.table(text).to_pylist() == everywhere.table(text.replace("pg.", "own.")).to_pylist()
    (scan,) = everywhere.plan("select g, count(*) from pg.big group by g limit 3").scans
    assert scan.limit == 3


@pytest.mark.parametrize("source", ["pg", "my"])
def test_groups_are_picked_and_ordered_by_wide_sums(everywhere: SqlService, source: str) -> None:
    text = "select g, sum(n) as total from {s}.big group by g having sum(n) > 2857100000 order by total desc limit 3"
    (scan,) = everywhere.plan(text.replace("{s}", source)).scans
    assert (scan.sorted, scan.limit) == (True, 3), everywhere.explain(text.replace("{s}", source))
    assert [one.text for one in scan.pushed] == ["CAST(scan0g0sum AS INT128) > 2857100000"]
    right = everywhere.table(text.replace("{s}", "own"))
    assert 0 < right.num_rows < 4
    assert everywhere.table(text.replace("{s}", source)).equals(right)
    same(
        everywhere,
        "select l, sum(id * 200000000000000000) s from {s}.things group by l having s < 0 or l",
        source,
        pushed=True,
    )


@pytest.fixture
def forgetful(everywhere: SqlService) -> Iterator[SqlService]:
    """The same sources, and nothing that is known of statements."""
    made = SqlService(everywhere.project, everywhere._sources, everywhere._engine)
    yield made
    made.close()


def test_groups_are_given_up_where_the_source_fails(forgetful: SqlService, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "select g % 2 as odd, count(*) as c from pg.big group by odd order by odd"
    right = block.parts  # type: ignore[attr-defined]

    def parts(*given: Any, **named: Any) -> Parts:
        made: Parts = right(*given, **named)
        return replace(made, columns=tuple((column, f"{sql} / 0") for column, sql in made.columns))

    monkeypatch.setattr(block, "parts", parts)
    expected = forgetful.table(text.replace("pg.", "own."))
    assert forgetful.plan(text).scans[0].table.body
    with forgetful.run(text) as running:
        assert pa.Table.from_batches(list(running), running.schema) == expected
    assert running.plan.scans[0].table.body == ""
    assert "division by zero" in running.plan.notes[0]
    assert not forgetful.plan(text).scans[0].table.body  # it is not tried again


def test_only_where_groups_are_few(everywhere: SqlService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    few, many = "select g, count(*) from pg.big group by g", "select n, count(*) from pg.big group by n"
    assert everywhere.plan(few).scans[0].table.body
    assert not everywhere.plan(many).scans[0].table.body
    assert everywhere.plan(f"{many} having count(*) > 1").scans[0].table.body == ""
    assert not everywhere.plan("select i, count(*) from pg.things group by i").scans[0].table.body


def test_a_wide_sum_is_exact(everywhere: SqlService) -> None:
    text = "select sum(id * 200000000000000000), avg(id * 200000000000000000) from {s}.things"
    for source in ("pg", "my"):
        same(everywhere, text, source, pushed=True)


def test_explain_tells_of_groups(everywhere: SqlService) -> None:
    said = everywhere.explain("select l, count(*) from pg.things group by l")
    assert "scan0: groups of pg.traps.things as things (postgres)" in said
    assert "GROUP BY" in said
