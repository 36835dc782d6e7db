"""Which scans may be reduced by which: read from statements, and refused wherever a row could be missed."""

from __future__ import annotations

import re

import pytest

from lapwing.sources.base import Column
from lapwing.sql.reduce.edges import edges

COLUMNS = (Column("k", "BIGINT"), Column("v", "BIGINT"), Column("name", "VARCHAR"), Column("price", "DOUBLE"))
BOTH = {"a.k<-b.k", "b.k<-a.k"}


def found(text: str) -> set[str]:
    """Edges as `receiver.column<-provider.column`; tables are called a, b, c, d."""
    names = sorted(set(re.findall(r"\b[abcd]\b(?=\s|\)|$|,)", text)))
    tables = {name: (number, COLUMNS) for number, name in enumerate(names)}
    return {
        f"{names[one.receiver]}.{COLUMNS[one.column].name}<-{names[one.provider]}.{COLUMNS[one.provided].name}"
        for one in edges(text, tables)
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1 from a join b on a.k = b.k", BOTH),
        ("select 1 from a join b using (k)", BOTH),
        ("select 1 from a , b where a.k = b.k and a.v > 3", BOTH),
        ("select 1 from a join b on a.k = b.k and a.v < b.v", BOTH),
        ("select 1 from a left join b on a.k = b.k", {"b.k<-a.k"}),
        ("select 1 from a left join b on a.k = b.k where b.v = 3", {"b.k<-a.k"}),
        ("select 1 from a where k in (select k from b)", BOTH),
        ("select 1 from a where k in (select v from b where b.v > 3)", {"a.k<-b.v", "b.v<-a.k"}),
        ("select 1 from a where exists (select 1 from b where b.k = a.k)", BOTH),
        ("select 1 from a where not exists (select 1 from b where b.k = a.k)", {"b.k<-a.k"}),
        ("select 1 from a where a.v < (select avg(v) from b where b.k = a.k)", {"b.k<-a.k"}),
        ("select (select max(v) from b where b.k = a.k) from a", {"b.k<-a.k"}),
        ("select (select v from b where b.k = a.k order by v limit 1) from a", {"b.k<-a.k"}),
        ("select 1 from a where k in (select k from b) and v in (select v from b)", BOTH | {"a.v<-b.v", "b.v<-a.v"}),
        ("select 1 from a join (select k, v from b group by k, rollup (v)) q on q.k = a.k", BOTH),
        ("select 1 from a where a.v = 1 or exists (select 1 from b where b.k = a.k)", {"b.k<-a.k"}),
        ("select 1 from a join (select k, sum(v) from b group by k) q on q.k = a.k", BOTH),
        ("with q as (select k, v from b where v > 1) select 1 from a join q on q.k = a.k", BOTH),
        ("select 1 from a join (select k from b union all select v from c) q on q.k = a.k", {"b.k<-a.k", "c.v<-a.k"}),
        (
            "select 1 from a join b on a.k = b.v where not exists (select 1 from c where c.k = a.k)",
            {"a.k<-b.v", "b.v<-a.k", "c.k<-a.k", "c.k<-b.v"},
        ),
        (
            "select (select max(c.v) from c where b.k = c.k) from a , b where a.k = b.k",
            BOTH | {"c.k<-a.k", "c.k<-b.k"},
        ),
        (
            "select 1 from a , b , c where a.k = b.k and b.k = c.v",
            {"a.k<-b.k", "a.k<-c.v", "b.k<-a.k", "b.k<-c.v", "c.v<-a.k", "c.v<-b.k"},
        ),
        ("select 1 from a where k = any (select k from b)", BOTH),
        ("select 1 from a join (select distinct k from b) q on q.k = a.k", BOTH),
        (
            "select 1 from a join (select b.k from c join b on b.v = c.v) q on q.k = a.k",
            BOTH | {"b.v<-c.v", "c.v<-b.v"},
        ),
        (
            "select 1 from a , b , c where a.k = b.k and b.k = c.v and not exists (select 1 from d where d.k = a.k)",
            {
                f"{one}<-{other}"
                for one in ("a.k", "b.k", "c.v", "d.k")
                for other in ("a.k", "b.k", "c.v")
                if one != other
            },
        ),
        ("select 1 from a where exists (select b.v from b where b.k = a.k order by 1 limit 2)", BOTH),
        ("select 1 from a join (select k from b union all (select v from c limit 3)) q on q.k = a.k", {"b.k<-a.k"}),
        ("select 1 from a join (select k from b union all values (1)) q on q.k = a.k", {"b.k<-a.k"}),
        ("select 1 from a join other on other.k = a.k join b on b.k = a.k", BOTH),
        (
            "select 1 from a , b , c where a.k = b.k and c.v = a.k",
            {"a.k<-b.k", "a.k<-c.v", "b.k<-a.k", "b.k<-c.v", "c.v<-a.k", "c.v<-b.k"},
        ),
        (
            "select 1 from a , b where a.v = b.v and not exists (select 1 from c where c.k = a.k)",
            {"a.v<-b.v", "b.v<-a.v", "c.k<-a.k"},
        ),
    ],
)
def test_equalities_reduce(text: str, expected: set[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1 from a where k not in (select k from b)", set()),
        ("select 1 from a full join b on a.k = b.k", set()),
        ("select 1 from a right join b on a.k = b.k", set()),
        ("select 1 from a anti join b on a.k = b.k", set()),
        ("select 1 from a asof join b on a.k >= b.k and a.v = b.v", set()),
        ("select 1 from a where a.v = 1 or a.k in (select k from b)", set()),
        ("select 1 from a join b on a.k = b.k or a.v = 1", set()),
        ("select 1 from a join b on a.k = b.name", set()),
        ("select 1 from a join b on a.price = b.price", set()),
        ("select 1 from a join b on a.k + 1 = b.k", set()),
        ("select 1 from a join (select k from b limit 3) q on q.k = a.k", {"a.k<-b.k"}),
        ("select 1 from a join (select k from b order by v limit 3 offset 1) q on q.k = a.k", {"a.k<-b.k"}),
        ("select 1 from a join (select k, sum(v) over (order by v) s from b) q on q.k = a.k", {"a.k<-b.k"}),
        ("select 1 from a join (select k, row_number() over (order by v) n from b) q on q.k = a.k", {"a.k<-b.k"}),
        ("select 1 from a join (select b.k from b positional join c) q on q.k = a.k", {"a.k<-b.k"}),
        ("select 1 from a , b where not exists (select 1 from c where a.k = b.k)", set()),
        ("select 1 from a where not exists (select 1 from b where a.k in (select c.k from c))", set()),
        (
            "select 1 from a where not exists (select 1 from b where exists (select 1 from c where c.k = a.k))",
            set(),
        ),
        (
            "with recursive q as (select k from a union all select k + 1 from q where k < 9) select 1 from q join b on q.k = b.k",
            set(),
        ),
        ("select 1 from a join (select distinct on (v) k, v from b) q on q.k = a.k", {"a.k<-b.k"}),
        ("select 1 from a join (select max(k) k from b) q on q.k = a.k", set()),
        ("select 1 from a join (select k from b group by rollup (k)) q on q.k = a.k", {"a.k<-b.k"}),
        ("select 1 from a join (select v k, count(*) from b group by v, k) q on q.k = a.k", {"a.k<-b.v", "b.v<-a.k"}),
        (
            "with q as (select k, v from b) select 1 from a join q on q.k = a.k join q r on r.v = a.v",
            {"a.k<-b.k", "a.v<-b.v"},
        ),
        ("select 1 from a join (select k from b union select v from c) q on q.k = a.k", {"b.k<-a.k", "c.v<-a.k"}),
        ("select 1 from a join (select k from b except select v from c) q on q.k = a.k", set()),
        (
            "select 1 from a join (select c.k from c left join b on b.v = c.v) q on q.k = a.k",
            {"a.k<-c.k", "b.v<-c.v", "c.k<-a.k"},
        ),
        ("select 1 from a join (select b.k from c left join b on b.v = c.v) q on q.k = a.k", {"a.k<-b.k", "b.v<-c.v"}),
        (
            "select 1 from a left join b on a.k = b.k where not exists (select 1 from c where c.k = a.k)",
            {"b.k<-a.k", "c.k<-a.k"},
        ),
        (
            "select 1 from a , b where (a.k = b.k or a.v = 1) and not exists (select 1 from c where c.k = a.k)",
            {"c.k<-a.k"},
        ),
        (
            "select 1 from a full join b on a.k = b.k where not exists (select 1 from c where c.k = a.k)",
            {"c.k<-a.k"},
        ),
        (
            "select 1 from a anti join b on a.k = b.k where not exists (select 1 from c where c.k = a.k)",
            {"c.k<-a.k"},
        ),
        ("select 1 from a tablesample 10% join b on a.k = b.k", set()),
        (
            "with recursive q as (select k from a union all select b.k from b join q on q.k = b.k) select 1 from q",
            set(),
        ),
        ("select 1 from a join b using (nothing)", set()),
        ("select 1 from a where k < any (select k from b)", set()),
        ("select 1 from a where k + 1 in (select k from b)", set()),
        ("select 1 from a where (select count(*) = 0 from b where b.k = a.k)", {"b.k<-a.k"}),
        ("select 1 from a join (select k from b offset 1) q on q.k = a.k", {"a.k<-b.k"}),
        ("select 1 from a join c on true left join b on b.k = a.k and a.v = c.v", {"b.k<-a.k"}),
        ("select 1 from a left join b on b.k = b.v", set()),
        ("select 1 from c join (select b.k from b right join a on a.v = b.v) q on q.k = c.k", {"c.k<-b.k"}),
        ("select 1 from c join (select a.k from a anti join b on a.v = b.v) q on q.k = c.k", {"c.k<-a.k"}),
        # Of no rows there is a row.
        ("select 1 from a where exists (select count(*) from b where b.k = a.k)", {"b.k<-a.k"}),
        ("select 1 from a where exists (select 1 from b where b.k = a.k having count(*) = 0)", {"b.k<-a.k"}),
        ("select 1 from a where exists (select 1 from b where b.k = a.k group by ())", {"b.k<-a.k"}),
        # What is taken of rows may be said around their brackets.
        ("select 1 from a join ((select k from b) order by k limit 3) q on q.k = a.k", {"a.k<-b.k"}),
        ("select 1 from a join ((select k from b) offset 1) q on q.k = a.k", {"a.k<-b.k"}),
        ("with q as ((select k from b) order by k limit 3) select 1 from a join q on q.k = a.k", {"a.k<-b.k"}),
        ("select 1 from a where k in ((select k from b) order by k limit 3)", {"a.k<-b.k"}),
        ("select 1 from a join ((select k from b union all select v from c) limit 3) q on q.k = a.k", set()),
        ("select 1 from a join (select k from b union all ((select v from c) limit 3)) q on q.k = a.k", {"b.k<-a.k"}),
        # Columns of these meet by their names, not their places.
        ("select 1 from a join (select k from b union all by name select v, k from c) q on q.k = a.k", set()),
        ("select 1 from a join b q(v, k) on q.k = a.k", set()),
        (
            (
                "with q as (select k, v from b) select 1 from a join q on q.k = a.k "
                "where a.v in (select c.v from c anti join q r on r.v = c.v)"
            ),
            {"a.k<-b.k", "a.v<-c.v"},
        ),
        (
            (
                "select 1 from a join b on true anti join (select 1 as one) q on a.k = b.k "
                "where not exists (select 1 from c where c.k = a.k)"
            ),
            {"c.k<-a.k"},
        ),
        ("select 1 from a x , b y where exists (select 1 from c x , d y where x.k = y.k)", {"c.k<-d.k", "d.k<-c.k"}),
        ("select 1 from a where k = any ([1, 2])", set()),
        # What has the name of a CTE may be a table of the SELECT around.
        ("with q as (select k from b) select (select count(*) from c left join d on d.k = q.k) from a as q", set()),
        ("with q as (select k from b) select 1 from a , q where not exists (select 1 from c where a.k = q.k)", set()),
        (
            "with q as (select k from a) select 1 from q where not exists (select 1 from b where b.k = q.k)",
            {"b.k<-a.k"},
        ),
        (
            "with q as (select k from b) select 1 from q where not exists (select 1 from a where q.k in (select c.k from c))",
            set(),
        ),
        (
            (
                "with q as (select k from b) select 1 from q "
                "where not exists (select 1 from c where exists (select 1 from a where a.k = q.k))"
            ),
            set(),
        ),
    ],
)
def test_what_could_miss_a_row_does_not(text: str, expected: set[str]) -> None:
    assert found(text) == expected


def test_a_name_that_two_columns_have_is_of_neither() -> None:
    twice = (Column("k", "BIGINT"), Column("K", "BIGINT"))
    assert edges("select 1 from a join b on a.k = b.k", {"a": (0, COLUMNS), "b": (1, twice)}) == ()


def test_columns_that_the_statement_cannot_mean() -> None:
    """Of a table by hidden columns, a name without a table is another's."""
    tables = {"a": (0, COLUMNS), "b": (1, COLUMNS)}
    text = "select 1 from a join b on a.k = b.k where v = a.k"
    assert edges(text, tables) == ()
    met = edges(text, tables, {"a": COLUMNS[:1]})
    assert {(one.receiver, one.column, one.provider, one.provided) for one in met} >= {(0, 0, 1, 1), (1, 1, 0, 0)}
