"""What BI tools write over `metrics.<dataset>`: the time by itself, `*`, and joins that choose series."""

from __future__ import annotations

import re

import pytest

import lapwing.query.answer
from lapwing.model.problem import LapwingError, Refused, WrongUse
from lapwing.query.ask import MetricQuery, SqlQuery, Wishes
from lapwing.query.service import Lapwing

DAY = "scheduled >= '2013-02-08' and scheduled < '2013-02-09'"


def rows(lapwing: Lapwing, text: str) -> list[tuple[object, ...]]:
    table = lapwing.run_sql(SqlQuery(text=text)).table()
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def test_the_time_by_itself_groups_by_moments(flights: Lapwing) -> None:
    found = rows(
        flights,
        f"select scheduled as moment, origin, flights from metrics.flights where {DAY} and carrier = 'UA' "
        "order by scheduled desc, origin limit 50",
    )
    assert found == rows(
        flights,
        f"select scheduled, origin, count(*) from files.flights where {DAY} and carrier = 'UA' "
        "group by all order by 1 desc, 2 limit 50",
    )
    assert len(found) == 50


def test_moments_are_answered_by_the_source_and_it_says_so(flights: Lapwing) -> None:
    asked = MetricQuery(metrics=("flights",), by=("scheduled",), start="2013-02-08", end="2013-02-09")
    receipt = flights.answer(asked).receipt
    assert [piece.by for piece in receipt.pieces] == ["source"]
    assert {one.reasons[0].check for one in receipt.considered} == {"moments"}
    assert [piece.by for piece in flights.explain(asked).pieces] == ["source"]
    with pytest.raises(Refused, match="not single moments"):
        flights.answer(MetricQuery(metrics=("flights",), by=("scheduled",), wishes=Wishes(cache_only=True)))


def test_too_many_moments_are_told(flights: Lapwing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lapwing.query.answer, "MOST", 100)
    with pytest.raises(Refused, match="Say which time") as caught:
        rows(flights, "select scheduled, flights from metrics.flights")
    assert caught.value.problems[0].code == "too-many-groups"


def test_a_star_is_the_time_with_all_dimensions_and_metrics(flights: Lapwing) -> None:
    without = ["flights_28d", "late_rate_28d", "flights_vs_last_week"]
    dataset = flights.project.datasets["flights"]
    found = flights.run_sql(
        SqlQuery(text=f"select * exclude ({', '.join(without)}) from metrics.flights where {DAY} limit 1000000")
    ).table()
    wanted = [name for name in ("scheduled", *dataset.dimensions, *dataset.metrics) if name not in without]
    assert found.column_names == wanted
    assert sum(found["flights"].to_pylist()) == rows(flights, f"select count(*) from files.flights where {DAY}")[0][0]


@pytest.mark.parametrize(
    "other",
    [
        "(select carrier, measure(flights) from metrics.flights where origin = 'JFK' group by 1 order by 2 desc limit 3)",
        "(values ('B6'), ('B6'), ('DL'), ('9E'), (null))",
    ],
)
def test_a_join_chooses_series(flights: Lapwing, other: str) -> None:
    """As Superset limits the series of a chart."""
    text = f"""
        select carrier, date_trunc('month', scheduled) as month, measure(flights) as n from metrics.flights
        join {other} as s(c{", n" if "limit" in other else ""}) on carrier = c
        where scheduled < '2013-03-01' group by 1, 2 having n > 10 order by 3 desc limit 1000"""
    found = rows(flights, text)
    plain = re.sub(r"join .*? on carrier = c\n", "", text, flags=re.DOTALL)
    assert found == [row for row in rows(flights, plain) if row[0] in ("B6", "DL", "9E")]
    assert len(found) == 6


LARGEST = (
    "select carrier as c, origin as o, measure(flights) as n from metrics.flights group by 1, 2 order by 3 desc limit 3"
)


@pytest.mark.parametrize(
    ("other", "on", "chosen"),
    [
        (
            f"({LARGEST})",
            "carrier = c and s.o = origin",
            "(carrier, origin) in (('EV', 'EWR'), ('UA', 'EWR'), ('B6', 'JFK'))",
        ),
        ("(values ('B6'), ('B6'), ('DL'), (null)) as s(c)", "flights.carrier = s.c", "carrier in ('B6', 'DL')"),
        ("(select name as c from airline.airlines where false)", "carrier = s.c", "false"),
    ],
    ids=["of two", "twice", "none"],
)
def test_the_rest_is_one_series(flights: Lapwing, other: str, on: str, chosen: str) -> None:
    """As Superset's "Others". A rate of the rest is that of its flights, not of its series."""
    shown = "case when s.c is not null then carrier else 'Others' end"
    side = other if " as s(" in other else f"{other} as s"
    answer = flights.run_sql(
        SqlQuery(
            text=f"""
            select {shown} as carrier, measure(flights) as n, measure(late_rate) as late from metrics.flights
            left outer join {side} on {on} where {DAY} group by {shown} having n > 10 order by 1"""
        )
    )
    expected = f"""
        select case when {chosen} then carrier else 'Others' end, count(*),
          count(*) filter (dep_delay >= 15) / count(*) filter (dep_delay is not null)
        from files.flights where {DAY} group by 1 having count(*) > 10 order by 1"""
    assert [tuple(row.values()) for row in answer.table().to_pylist()] == rows(flights, expected)


@pytest.mark.parametrize(
    ("shown", "join"),
    [
        ("s.c", "left join (values ('B6')) as s(c)"),
        ("s.n is null", "left join (values ('B6', 1)) as s(c, n)"),
        ("s.c is null", "right join (values ('B6')) as s(c)"),
    ],
)
def test_other_joins_are_refused(flights: Lapwing, shown: str, join: str) -> None:
    with pytest.raises(WrongUse, match="chooses groups"):
        rows(flights, f"select {shown}, measure(flights) from metrics.flights {join} on carrier = s.c group by 1")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("select measure(flights) filter (where scheduled < '2013-02-01') from metrics.flights", "time-in-filter"),
        ("select measure(nothing) filter (where origin = 'EWR') from metrics.flights", "unknown-metric"),
        ("select list(origin) filter (where origin = 'EWR') from metrics.flights", "metrics-aggregated"),
        ("{f} exists (select count(*) from airline.airlines a where a.carrier = f.carrier)", ""),
        ("{f} exists (select 1 from airline.airlines a where a.carrier > f.carrier)", ""),
        ("{f} exists (select 1 from airline.airlines a where f.carrier = f.dest)", ""),
        ("{f} exists (select 1 from airline.airlines a where a.carrier = f.scheduled)", ""),
        ("{f} exists (select f.dest from airline.airlines a)", ""),
        ("{f} exists (select 1 from airline.airlines a where a.carrier = f.dest limit 0)", ""),
    ],
)  # fmt: skip
def test_what_filter_and_exists_may_not_ask(flights: Lapwing, text: str, code: str) -> None:
    with pytest.raises(LapwingError) as caught:
        rows(flights, text.format(f="select flights from metrics.flights f where"))
    (problem,) = caught.value.problems
    assert problem.code == (code or "metrics-exists")
    assert code or "m where exists" in str(problem.hint)
    assert problem.place is not None
