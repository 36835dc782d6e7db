"""ORDER BY with LIMIT goes to the source where it orders as the engine does, and nowhere else."""

from __future__ import annotations

import pytest

from lapwing.sql.aggregate import push
from lapwing.sql.service import SqlService

SOURCES = ("lite", "pg", "my")
SENT = [
    "select id, i from {s}.things order by i, id limit 5",
    "select id, i from {s}.things order by i desc, id limit 3 offset 2",
    "select id, i from {s}.things order by i nulls first, id desc limit 4",
    "select id, i from {s}.things order by i desc nulls first, id limit 4",
    "select i as x, id from {s}.things order by 1 desc, 2 limit 3",
    "select i as x, id from {s}.things where i > 1 order by x, things.id limit 3",
    "select -i as i, i as x, id from {s}.things order by x, id limit 4",
    "select id from {s}.things t order by t.d desc, t.id limit 4",
    "select v, id from {s}.things order by v, id limit 6",
    "select v, id from {s}.things order by v desc, id limit 6",
    "select * from (select id, i from {s}.things order by i, id limit 5) x order by id limit 2",
    "select count(*) as n, sum(id) as total from (select id from {s}.things order by id desc limit 4)",
    "(select id from {s}.things order by id limit 2) union all (select id from {s}.things order by id desc limit 2)",
    "with x as (select id from {s}.things order by id limit 3) select a.id from x a join x b on a.id = b.id order by 1",
    "select upper(v) as big, id from {s}.things order by id desc limit 2",
    "select i, id from {s}.things order by i::hugeint desc, id limit 3",
    "select * from {s}.things order by i desc, id limit 3",
    "select things.* exclude (v), id as x from {s}.things order by i desc, x limit 3",
]
KEPT = [
    "select id from {s}.things order by i + 1, id limit 3",
    "select -id as id from {s}.things order by id limit 3",
    "select id from {s}.things where i // 2 = 1 order by id limit 3",
    "select id from {s}.things order by id limit 3 offset (select 1)",
    "select id, row_number() over (order by id) as n from {s}.things order by id limit 3",
    "select distinct i from {s}.things order by i limit 3",
    "select a.id from {s}.things a, {s}.things b where a.id = b.i order by a.id limit 3",
    "select id from (select * from {s}.things order by i) order by id limit 3",
    "select * from (select id, -id as b from {s}.things) order by b limit 3",
    "select id from {s}.things order by id limit 11",
    "select id from {s}.things order by i::varchar, id limit 3",
    "select * replace (-id as id) from {s}.things order by id limit 3",
    "select * rename (id as i, i as id) from {s}.things order by id limit 3",
    "select -columns('^id$') from {s}.things order by id limit 3",
    "select -columns(*) from (select id, i from {s}.things) order by id limit 3",
    "select * exclude (id), -id as id from {s}.things order by id limit 3",
    "select *, id from {s}.things order by 2, id limit 3",
    "select id, unnest(case when id > 8 then [1] else []::int[] end) as u from {s}.things order by id limit 3",
    "select id from {s}.things qualify row_number() over (order by id desc) < 4 order by id limit 3",
    "select things.*, id from {s}.things order by 2, 1 limit 3",
    "select * exclude (v), id from {s}.things order by 2, 1 limit 3",
    "select id from {s}.things t(i, id) order by id nulls first, i limit 3",
    "select * from {s}.things t(i, id) order by id nulls first, i limit 3",
    "select i as j, id from {s}.things t(i, id) order by j limit 3",
    "select things.* replace (-id as id) from {s}.things order by id limit 3",
    "select id from {s}.things order by try_cast(v as hugeint), id limit 3",
    "select id from {s}.things order by n::hugeint, id limit 4",
    "select id from {s}.things order by n::hugeint desc, id limit 7",
    "select id from {s}.things where v in ('a', 'b') or i is null order by try_cast(v as hugeint) nulls first, id limit 2",
]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("text", SENT)
def test_the_first_rows_are_asked_for(everywhere: SqlService, text: str, source: str) -> None:
    here = text.replace("{s}", source)
    assert all(scan.sorted for scan in everywhere.plan(here).scans), everywhere.explain(here)
    assert everywhere.table(here).equals(everywhere.table(text.replace("{s}", "own"))), everywhere.explain(here)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("text", KEPT)
def test_all_rows_are_read(everywhere: SqlService, text: str, source: str) -> None:
    here = text.replace("{s}", source)
    assert not any(scan.sorted for scan in everywhere.plan(here).scans)
    assert everywhere.table(here).equals(everywhere.table(text.replace("{s}", "own"))), everywhere.explain(here)


@pytest.mark.parametrize("source", ["pg", "my"])
def test_texts_of_another_order_are_read(everywhere: SqlService, source: str) -> None:
    text = "select w, id from {s}.things order by w, id limit 5"
    assert everywhere.table(text.replace("{s}", source)).equals(everywhere.table(text.replace("{s}", "own")))


@pytest.mark.parametrize("source", SOURCES)
def test_the_best_groups(everywhere: SqlService, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "FEW", -1)
    text = (
        "select g, count(*) as n, sum(n) as total from {s}.big where n > 10 group by g order by total desc, g limit 2"
    )
    (scan,) = everywhere.plan(text.replace("{s}", source)).scans
    assert (scan.grouped, scan.sorted) == (True, source != "lite")  # whose sums of 64 bits may be more than it holds
    assert everywhere.table(text.replace("{s}", source)).equals(everywhere.table(text.replace("{s}", "own")))
    counted = "select g, count(*) as n from {s}.big where n > 10 group by g order by n desc, g limit 2"
    (scan,) = everywhere.plan(counted.replace("{s}", source)).scans
    assert (scan.grouped, scan.sorted, scan.limit) == (True, True, 2)
    assert everywhere.table(counted.replace("{s}", source)).equals(everywhere.table(counted.replace("{s}", "own")))


def test_explain_tells_of_it(everywhere: SqlService) -> None:
    said = everywhere.explain("select n from pg.big where g = 3 order by n desc limit 5")
    assert "scan pg.traps.big as big (postgres), 2 of 2 columns, the first 5 rows" in said
    assert 'ORDER BY "n" DESC NULLS LAST LIMIT 5' in said
