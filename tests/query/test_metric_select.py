"""SELECTs over metrics give the rows of the same SELECT over the table, however they group and filter."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from lapwing.model.problem import WrongUse
from lapwing.query.ask import SqlQuery
from lapwing.query.service import Lapwing

TIMES = "scheduled >= '2013-02-08' and scheduled < '2013-02-12'"
SAME = {
    "a key that dimensions share": (
        "select left(carrier, 1) as letter, flights, cancel_rate, worst_delay from {m} where {t} group by 1",
        "select left(carrier, 1), {flights}, {rate}, max(dep_delay) from {f} where {t} group by 1",
    ),
    "a key by CASE, beside a dimension and buckets": (
        (
            "select case when dest < 'M' then 'a' else 'b' end, origin, date_trunc('day', scheduled), flights, cancel_rate "
            "from {m} where {t} group by 1, 2, 3"
        ),
        (
            "select case when dest < 'M' then 'a' else 'b' end, origin, date_trunc('day', scheduled), {flights}, {rate} "
            "from {f} where {t} group by 1, 2, 3"
        ),
    ),
    "a key that is null for some": (
        "select nullif(origin, 'JFK') as o, count(*) from {m} where {t} group by 1",
        "select nullif(origin, 'JFK'), count(*) from {f} where {t} group by 1",
    ),
    "a key in HAVING, ORDER BY and a window": (
        (
            "select lower(left(carrier, 1)) l, flights, rank() over (order by flights desc, lower(left(carrier, 1))) "
            "from {m} where {t} group by 1 having lower(left(carrier, 1)) > 'b' order by lower(left(carrier, 1))"
        ),
        (
            "select lower(left(carrier, 1)) l, {flights}, rank() over (order by count(*) desc, lower(left(carrier, 1))) "
            "from {f} where {t} group by 1 having l > 'b'"
        ),
    ),
    "GROUP BY of what is not selected": (
        "select flights from {m} where {t} group by origin, left(carrier, 1)",
        "select {flights} from {f} where {t} group by origin, left(carrier, 1)",
    ),
    "aggregates that say a measure once more": (
        "select origin, count(*), sum(flights), max(worst_delay), sum(cancelled) from {m} where {t} group by origin",
        (
            "select origin, count(*), count(*), max(dep_delay), count(*) filter (where dep_time is null) from {f} where {t} "
            "group by origin"
        ),
    ),
    "shares, running totals and the row before": (
        (
            "select origin, date_trunc('day', scheduled) d, flights / sum(flights) over (partition by d), "
            "sum(flights) over (partition by origin order by date_trunc('day', scheduled)), "
            "lag(flights) over (partition by origin order by d) from {m} where {t}"
        ),
        (
            "select origin, d, n / sum(n) over (partition by d), sum(n) over (partition by origin order by d), "
            "lag(n) over (partition by origin order by d) from (select origin, date_trunc('day', scheduled) d, count(*) n "
            "from {f} where {t} group by all)"
        ),
    ),
    "names in any letters, before them the table's": (
        "select F.Origin, f.FLIGHTS from METRICS.Flights f where F.Carrier = 'UA' and f.Scheduled < '2013-02-02'",
        "select origin, {flights} from {f} where carrier = 'UA' and scheduled < '2013-02-02' group by 1",
    ),
    "names with the table's whole name, as SQLAlchemy writes them": (
        (
            "select metrics.flights.origin, measure(metrics.flights.flights) from metrics.flights "
            "where metrics.flights.carrier = 'UA' group by metrics.flights.origin"
        ),
        "select origin, {flights} from {f} where carrier = 'UA' group by 1",
    ),
    "an alias that is another dimension's name": (
        "select carrier as origin, flights from {m} where {t} order by origin",
        "select carrier, {flights} from {f} where {t} group by 1",
    ),
    "values of a raw table of another source": (
        "select origin, flights from {m} where {t} and carrier in (select carrier from airline.airlines where name < 'E')",
        (
            "select origin, {flights} from {f} where {t} and carrier in (select carrier from airline.airlines where name < 'E') "
            "group by 1"
        ),
    ),
    "none of a raw table, and one value": (
        (
            "select flights from {m} where {t} and carrier not in (select carrier from airline.airlines where name < 'E') "
            "and dest <> (select max(faa) from airline.airports)"
        ),
        (
            "select {flights} from {f} where {t} and carrier not in (select carrier from airline.airlines where name < 'E') "
            "and dest <> (select max(faa) from airline.airports)"
        ),
    ),
    "NOT IN with a null": (
        "select origin, flights from {m} where {t} and carrier not in (values ('UA'), (null))",
        "select origin, {flights} from {f} where {t} and carrier not in (values ('UA'), (null)) group by 1",
    ),
    "the groups of metrics choose": (
        (
            "select date_trunc('day', scheduled), flights from {m} where {t} and carrier in (select carrier from {m} where {t} "
            "order by flights desc limit 3)"
        ),
        (
            "select date_trunc('day', scheduled), {flights} from {f} where {t} and carrier in (select carrier from {f} "
            "where {t} group by 1 order by count(*) desc limit 3) group by 1"
        ),
    ),
    "reckoned times": (
        "select flights from {m} where scheduled >= date '2013-02-01' and scheduled < date '2013-02-01' + interval 1 week",
        "select {flights} from {f} where scheduled >= date '2013-02-01' and scheduled < date '2013-02-01' + interval 1 week",
    ),
    "times of raw rows": (
        "select flights from {m} where scheduled > (select max(scheduled) from {f}) - interval '36 hours'",
        "select {flights} from {f} where scheduled > (select max(scheduled) from {f}) - interval '36 hours'",
    ),
    "buckets in WHERE": (
        (
            "select flights from {m} where date_trunc('month', scheduled) >= '2013-02-01' and scheduled::date <= '2013-04-10' "
            "and date_trunc('week', scheduled) between '2013-02-05' and '2013-03-18'"
        ),
        (
            "select {flights} from {f} where date_trunc('month', scheduled) >= '2013-02-01' "
            "and scheduled::date <= '2013-04-10' and date_trunc('week', scheduled) between '2013-02-05' and '2013-03-18'"
        ),
    ),
    "days as dates, and months as texts": (
        (
            "select scheduled::date, flights from {m} where {t} union all "
            "select null, flights from (select strftime(date_trunc('month', scheduled), '%Y-%m') as m, flights from {m})"
        ),
        (
            "select scheduled::date, {flights} from {f} where {t} group by 1 union all "
            "select null, n from (select strftime(scheduled, '%Y-%m') as m, count(*) as n from {f} group by 1)"
        ),
    ),
    "FILTER, of some groups without such rows": (
        (
            "select carrier, flights, measure(flights) filter (where origin = 'LGA'), count(*) filter (where dest < 'D' and "
            "origin = 'JFK') as n, max(worst_delay) filter (where dest = 'HNL'), measure(cancel_rate) filter (where "
            "origin = 'EWR') from {m} where {t} group by 1 having count(*) filter (where origin = 'LGA') < 500"
        ),
        (
            "select carrier, {flights}, count(*) filter (where origin = 'LGA'), count(*) filter (where dest < 'D' and "
            "origin = 'JFK') as n, max(dep_delay) filter (where dest = 'HNL'), nullif(count(*) filter (where origin = 'EWR' "
            "and dep_time is null), -1) / nullif(count(*) filter (where origin = 'EWR'), 0) from {f} where {t} group by 1 "
            "having count(*) filter (where origin = 'LGA') < 500"
        ),
    ),
    "FILTER by keys that are made, and buckets": (
        (
            "select left(carrier, 1) as c, scheduled::date as d, measure(flights) filter (where origin = 'LGA') / "
            "sum(measure(flights)) filter (where left(carrier, 1) > 'B') over () from {m} where {t} group by 1, 2 "
            "having flights > 0"
        ),
        (
            "select left(carrier, 1) as c, scheduled::date as d, count(*) filter (where origin = 'LGA') / sum(count(*)) "
            "filter (where left(carrier, 1) > 'B') over () from {f} where {t} group by 1, 2"
        ),
    ),
    "FILTER alone": (
        "select measure(flights) filter (where origin = 'LGA') from {m} where {t}",
        "select count(*) filter (where origin = 'LGA') from {f} where {t}",
    ),
    "EXISTS of another table": (
        (
            "select carrier, flights from {m} x where {t} and exists (select * from airline.airlines a where x.carrier = "
            "a.carrier and a.name > 'E' order by 1) and not exists (select 1 from airline.airlines where false)"
        ),
        (
            "select carrier, {flights} from {f} x where {t} and exists (select 1 from airline.airlines a where "
            "x.carrier = a.carrier and a.name > 'E') group by 1"
        ),
    ),
    "NOT EXISTS, and a null": (
        (
            "select carrier, flights from {m} where {t} and not exists (select 1 from (values ('UA'), (null)) v(c) where "
            "v.c = flights.carrier) and (origin = 'LGA' or exists (select 1 from airline.airlines a where a.carrier = "
            "flights.CARRIER and a.name < 'B'))"
        ),
        (
            "select carrier, {flights} from {f} where {t} and carrier <> 'UA' and (origin = 'LGA' or carrier in (select "
            "carrier from airline.airlines where name < 'B')) group by 1"
        ),
    ),
    "GROUP BY of days that are not selected": (
        "select origin, flights from {m} where {t} group by origin, scheduled::date",
        "select origin, {flights} from {f} where {t} group by origin, scheduled::date",
    ),
    "moments beside a key that is made": (
        (
            "select scheduled, left(carrier, 1) as c, measure(flights) filter (where origin = 'LGA') from {m} "
            "where scheduled < '2013-01-01 08:00' group by 1, 2 order by 1"
        ),
        (
            "select scheduled, left(carrier, 1), count(*) filter (where origin = 'LGA') from {f} "
            "where scheduled < '2013-01-01 08:00' group by 1, 2"
        ),
    ),
    "conditions on the time that contradict each other": (
        "select origin, flights from {m} where {t} and scheduled >= '2013-03-01' group by origin",
        "select origin, {flights} from {f} where false group by origin",
    ),
    "the same by buckets": (
        "select scheduled::date, flights from {m} where scheduled::date = '2013-02-08' and scheduled::date = '2013-02-09'",
        "select scheduled::date, {flights} from {f} where false group by 1",
    ),
    "the same of all rows": (
        "select flights, worst_delay from {m} where scheduled >= '2013-02-08' and scheduled < '2013-02-08'",
        "select {flights}, max(dep_delay) from {f} where false",
    ),
    "a value of another table beside": (
        "select origin, flights, (select count(*) from airline.airlines) from {m} where {t}",
        "select origin, {flights}, (select count(*) from airline.airlines) from {f} where {t} group by 1",
    ),
}
WORDS = {
    "m": "metrics.flights",
    "f": "files.flights",
    "t": TIMES,
    "flights": "count(*)",
    "rate": "count(*) filter (where dep_time is null) / count(*)",
}


def rows(lapwing: Lapwing, text: str) -> list[tuple[object, ...]]:
    table = lapwing.run_sql(SqlQuery(text=text)).table()
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def told(row: tuple[object, ...]) -> tuple[str, ...]:
    return tuple(
        f"{float(one):.9g}" if isinstance(one, float | int | Decimal) else str(one).removesuffix("-05:00")
        for one in row
    )


@pytest.mark.parametrize("name", SAME)
def test_it_gives_the_rows_of_the_table(flights: Lapwing, name: str) -> None:
    metric, table = SAME[name]
    found = [told(row) for row in rows(flights, metric.format_map(WORDS))]
    assert sorted(found) == sorted(told(row) for row in rows(flights, table.format_map(WORDS)))
    if "order by lower" in metric or "order by origin" in metric:
        assert [row[0] for row in found] == sorted(row[0] for row in found)


def test_a_filtered_sum_has_the_type_of_the_sum(flights: Lapwing) -> None:
    text = f"select cancelled, measure(cancelled) filter (where origin = 'LGA') as c from metrics.flights where {TIMES}"
    found = flights.run_sql(SqlQuery(text=text)).table()
    assert found.schema.field("c").type == found.schema.field("cancelled").type


@pytest.mark.parametrize("shown", ["flights", "flights, year(scheduled::date)"])
def test_an_expression_of_the_time_tells_buckets_apart(flights: Lapwing, shown: str) -> None:
    group = "group by hour(scheduled)" if shown == "flights" else ""
    text = f"select {shown} from metrics.flights where {TIMES} {group}"
    with pytest.raises(WrongUse, match=r"not selected|same in several") as caught:
        rows(flights, text)
    assert caught.value.problems[0].code == "time-expression"


def test_keys_are_answered_by_rollups(flights: Lapwing) -> None:
    text = "select left(carrier, 1), cancel_rate, late_rate_28d from metrics.flights where scheduled >= '2013-06-01' group by 1"
    answer = flights.run_sql(SqlQuery(text=text))
    assert len(answer.table()) == 13
    assert {piece.by for piece in answer.receipt().pieces} == {"rollup"}


def test_metrics_of_windows_go_by_the_keys(flights: Lapwing) -> None:
    text = """select case when carrier = 'UA' then 'a UA' else 'others' end as c, flights_28d, flights_vs_last_week
              from metrics.flights where scheduled >= '2013-03-04' and scheduled < '2013-03-05' group by 1 order by 1"""
    ua = "select flights_28d, flights_vs_last_week from metrics.flights where carrier = 'UA' and scheduled::date = '2013-03-04'"
    own, others = rows(flights, text)
    assert own == ("a UA", *rows(flights, ua)[0])
    left = rows(flights, ua.replace("= 'UA'", "<> 'UA'"))[0]
    assert others[1] == left[0]
    assert math.isclose(float(str(others[2])), float(str(left[1])))


def test_the_zone_of_a_bucket_may_be_another(flights: Lapwing) -> None:
    text = f"select date_trunc('day', scheduled at time zone 'Asia/Tokyo') as d, flights from metrics.flights where {TIMES}"
    found = flights.run_sql(SqlQuery(text=text)).table()
    other = flights.run_sql(
        SqlQuery(
            text=f"select date_trunc('day', scheduled) as d, flights from metrics.flights where {TIMES}",
            zone="Asia/Tokyo",
        )
    ).table()
    assert found.schema.field("d").type == pa.timestamp("us")
    assert sum(found["flights"].to_pylist()) == rows(flights, f"select count(*) from files.flights where {TIMES}")[0][0]
    assert found.num_rows == 5
    assert other.num_rows == 4  # there the session's zone also reads the moments of WHERE


def test_now_is_the_clocks(flights: Lapwing) -> None:
    lapwing_years = (datetime.now(UTC) - datetime(2013, 7, 1, tzinfo=UTC)) // timedelta(days=1)
    text = f"select flights from metrics.flights where scheduled >= now() - interval '{lapwing_years} days'"
    (found,) = rows(flights, text)[0]
    table = text.replace("select flights", "select count(*)").replace("metrics.flights", "files.flights")
    assert abs(int(str(found)) - int(str(rows(flights, table)[0][0]))) < 100  # a minute may pass between


def test_the_receipt_tells_what_was_asked_first(flights: Lapwing) -> None:
    text = (
        "select flights from metrics.flights where carrier in (select carrier from airline.airlines where name < 'E')"
    )
    answer = flights.run_sql(SqlQuery(text=text))
    answer.table()
    assert any("airline.airlines" in note and "values)" in note for note in answer.receipt().notes)


def test_thousands_of_alternatives_are_one_list(flights: Lapwing) -> None:
    """Each by itself was looked up in every partition: 2,000 took seconds."""
    many = " or ".join(f"dest = 'X{number}'" for number in range(2_000))
    began = time.process_time()
    assert rows(
        flights, f"select origin, flights from metrics.flights where {many} or dest = 'LAX' order by 1"
    ) == rows(flights, "select origin, flights from metrics.flights where dest = 'LAX' order by 1")
    assert time.process_time() - began < 10


def test_thousands_of_alternatives_in_having(flights: Lapwing) -> None:
    many = " or ".join(f"n = -{number}" for number in range(2_000))
    text = f"select origin, flights as n from metrics.flights where {TIMES} group by 1 having {{}} n > 0 order by 1"
    assert rows(flights, text.format(f"{many} or")) == rows(flights, text.format(""))
