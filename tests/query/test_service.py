"""The front door on real data: rollups and the source give the same numbers, and the receipt says who answered."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lapwing.model.grain import Grain
from lapwing.model.problem import LapwingError, NotFound, WrongUse
from lapwing.query.ask import MetricQuery, Order, SqlQuery, Wishes
from lapwing.query.service import Lapwing

GRAINS = ["15 minutes", "30 minutes", "hour", "6 hours", "day", "week", "month", "quarter", "year"]
ZONES = ["America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"]
METRICS = [
    *("flights", "departed", "cancelled", "diverted", "late", "delay", "avg_delay", "delay_spread", "worst_delay"),
    *("earliest", "landed", "late_arrivals", "miles", "air_minutes", "cancel_rate", "delay_per_departure", "late_rate"),
    *("on_time", "arrival_on_time", "speed", "flights_28d", "late_rate_28d", "flights_vs_last_week"),
]
DIMENSIONS = ["carrier", "airline", "origin", "dest", "destination", "long_haul", "hour"]
FROM_SOURCE = Wishes(cache=False)


def same(flights: Lapwing, query: MetricQuery) -> None:
    cached, direct = flights.answer(query), flights.answer(replace(query, wishes=FROM_SOURCE))
    assert {piece.by for piece in direct.receipt.pieces} == {"source"}
    assert direct.receipt.notes[0] == "Rollups were left aside, as asked."
    assert cached.table.schema == direct.table.schema
    assert cached.table.equals(direct.table), query


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("grain", GRAINS)
def test_every_metric_at_every_grain_and_zone(flights: Lapwing, grain: str, zone: str) -> None:
    # Around the switch to daylight saving time where buckets are many; the whole year where they are few.
    fine = grain in ("15 minutes", "30 minutes", "hour")
    span = ("2013-03-09", "2013-03-12") if fine else (None, None)
    query = MetricQuery(metrics=tuple(METRICS), grain=Grain.parse(grain), zone=zone, start=span[0], end=span[1])
    assert [piece.name for piece in flights.answer(query).receipt.pieces] == ["flights.total"]
    same(flights, query)


def every_metric(dimension: str, grain: str, zone: str) -> MetricQuery:
    """Around a change of clocks in the zone where buckets are many, else the whole year."""
    fine = GRAINS.index(grain) < GRAINS.index("day")
    start, end = CLOCK_CHANGES[zone] if fine else (None, None)
    return MetricQuery(
        metrics=tuple(METRICS), by=(dimension,), grain=Grain.parse(grain), zone=zone, start=start, end=end
    )


CLOCK_CHANGES = {
    "America/New_York": ("2013-11-02", "2013-11-05"),
    "Europe/Berlin": ("2013-03-30", "2013-04-01"),
    "Asia/Kathmandu": ("2013-03-10", "2013-03-12"),
    "Australia/Lord_Howe": ("2013-04-06", "2013-04-08"),
}


@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize("grain", GRAINS)
def test_every_metric_by_every_dimension_and_grain(flights: Lapwing, dimension: str, grain: str) -> None:
    """Each pair of dimension, grain and zone comes up; all three at once are in the long test."""
    zone = ZONES[(DIMENSIONS.index(dimension) + GRAINS.index(grain)) % len(ZONES)]
    query = every_metric(dimension, grain, zone)
    assert {piece.by for piece in flights.answer(query).receipt.pieces} == {"rollup"}
    same(flights, query)


@pytest.mark.long
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize("grain", GRAINS)
def test_every_metric_by_every_dimension_grain_and_zone(
    flights: Lapwing, dimension: str, grain: str, zone: str
) -> None:
    same(flights, every_metric(dimension, grain, zone))


def test_the_tables_above_hold_all_there_is(flights: Lapwing) -> None:
    dataset = flights.project.datasets["flights"]
    assert set(METRICS) == set(dataset.metrics)
    assert set(DIMENSIONS) == set(dataset.dimensions)


days = st.integers(1, 28).map(lambda day: f"2013-11-{day:02}")
filters = st.sampled_from(
    [
        None,
        "origin = 'EWR'",
        "origin in ('EWR', 'JFK') and not long_haul",
        "carrier <> 'UA' or dest like 'B%'",
        "destination is null",
        "airline > 'J' and origin = 'LGA'",
    ]
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    metrics=st.lists(st.sampled_from(METRICS), min_size=1, max_size=4, unique=True),
    by=st.lists(st.sampled_from(DIMENSIONS[:6]), max_size=3, unique=True),
    grain=st.sampled_from([None, *GRAINS]),
    zone=st.sampled_from(ZONES),
    span=st.lists(days, min_size=2, max_size=2, unique=True).map(sorted),
    where=filters,
)
def test_rollups_and_the_source_agree(
    flights: Lapwing,
    metrics: list[str],
    by: list[str],
    grain: str | None,
    zone: str,
    span: list[str],
    where: str | None,
) -> None:
    fine = grain in ("15 minutes", "30 minutes", "hour")
    query = MetricQuery(
        metrics=tuple(metrics),
        by=tuple(by[:1] if fine else by),
        grain=Grain.parse(grain) if grain else None,
        zone=zone,
        start=span[0],
        end=span[1],
        where=where,
    )
    same(flights, query)


def test_the_numbers_are_those_of_plain_sql(flights: Lapwing) -> None:
    answer = flights.answer(
        MetricQuery(
            metrics=("flights", "cancel_rate"), by=("carrier",), order=(Order(name="flights", descending=True),)
        )
    )
    path = flights.project.sources["files"].path
    assert path is not None
    plain = duckdb.sql(
        "select carrier, count(*), count(*) filter (dep_time is null) / count(*)"
        f" from '{path}/flights/*.parquet' group by 1 order by 2 desc"
    )
    assert plain is not None
    assert [tuple(row.values()) for row in answer.table.to_pylist()] == plain.fetchall()


def test_the_blizzard(flights: Lapwing) -> None:
    query = MetricQuery(metrics=("cancelled",), grain=Grain.parse("day"), start="2013-02-07", end="2013-02-11")
    assert flights.answer(query).table.column("cancelled").to_pylist() == [4, 472, 393, 26]


def test_a_day_of_25_hours_is_one_day(flights: Lapwing) -> None:
    query = MetricQuery(metrics=("flights",), grain=Grain.parse("hour"), start="2013-11-03", end="2013-11-04")
    hours = flights.answer(query).table
    assert hours.num_rows == 25
    day = flights.answer(replace(query, grain=Grain.parse("day"))).table
    assert sum(hours.column("flights").to_pylist()) == day.column("flights").to_pylist()[0]


def test_empty_buckets_are_zero_where_the_data_is_complete_and_null_after_it(flights: Lapwing) -> None:
    night = MetricQuery(
        metrics=("flights", "cancel_rate"), grain=Grain.parse("hour"), start="2013-07-04T02", end="2013-07-04T04"
    )
    assert flights.answer(night).table.select(["flights", "cancel_rate"]).to_pylist() == [
        {"flights": 0, "cancel_rate": None},
        {"flights": 0, "cancel_rate": None},
    ]
    later = replace(night, start="2013-12-31", end="2014-01-03", grain=Grain.parse("day"))
    answer = flights.answer(later)
    assert answer.table.column("flights").to_pylist() == [776, None, None]
    assert answer.receipt.missing == (("2014-01-01T05:00:00Z", "2014-01-03T05:00:00Z"),)


def test_the_receipt_says_why(flights: Lapwing) -> None:
    receipt = flights.answer(MetricQuery(metrics=("flights",), by=("hour", "origin"))).receipt
    assert [piece.by for piece in receipt.pieces] == ["source"]
    reasons = {one.rollup: [reason.says for reason in one.reasons if not reason.passed] for one in receipt.considered}
    assert reasons["flights.by_hour"] == ["It does not keep origin."]
    assert set(reasons) == {f"flights.{name}" for name in flights.project.datasets["flights"].rollups}


def test_a_zone_that_the_grain_cannot_serve_goes_to_the_source(flights: Lapwing) -> None:
    odd = MetricQuery(metrics=("flights",), start="2013-07-01T00:05", end="2013-07-01T00:10")
    receipt = flights.answer(odd).receipt
    assert [piece.by for piece in receipt.pieces] == ["source"]
    assert any(not reason.passed and reason.check == "grain" for reason in receipt.considered[0].reasons)


@pytest.mark.parametrize(
    ("query", "kind", "words"),
    [
        (MetricQuery(metrics=("cancel_rat",)), NotFound, "Did you mean cancel_rate"),
        (MetricQuery(metrics=("flights",), by=("orgin",)), NotFound, "Did you mean origin"),
        (MetricQuery(metrics=("flights",), zone="America/NewYork"), WrongUse, "America/New_York"),
        (MetricQuery(metrics=("flights",), start="2013-03", end="2013-02"), WrongUse, "2013-0"),
        (MetricQuery(metrics=("flights",), where="orign = 'EWR'"), NotFound, "Did you mean origin"),
        (MetricQuery(metrics=("flights",), where="origin ="), WrongUse, "1:8: The filter does not parse: something is"),
        (MetricQuery(metrics=("flights",), where="carrier"), WrongUse, "The filter carrier fails: Could not convert"),
        (MetricQuery(metrics=("flights",), where="carrier = 5"), WrongUse, "The filter carrier = 5 fails: Could not"),
        (MetricQuery(metrics=("flights",), where='carrier = "UA"'), NotFound, "in single quotes: 'UA'"),
        (
            MetricQuery(metrics=("flights",), where="lowr(carrier) = 'ua'"),
            WrongUse,
            "no function lowr. Did you mean lower",
        ),
        (MetricQuery(metrics=("flights",), where="getenv('HOME') <> ''"), WrongUse, "getenv"),
        (MetricQuery(metrics=("flights",), where="random() < 0.5"), WrongUse, "RANDOM() is another value each time"),
        (MetricQuery(metrics=("flights",), where="now() > '2013-01-01'"), WrongUse, "by its start and end"),
        (MetricQuery(metrics=("flights",), where="hour in (select 1)"), WrongUse, "(SELECT 1) is not part of one"),
        (MetricQuery(metrics=("flights",), where="sum(hour) > 1"), WrongUse, "SUM(hour) is not part of one"),
        (MetricQuery(metrics=("flights",), start="2013-05", end="2013-05"), WrongUse, "ends where it starts"),
        (MetricQuery(metrics=("flights",), start="2013-02-30"), WrongUse, "no time '2013-02-30'"),
        (MetricQuery(metrics=("flights",), order=(Order(name="delay"),)), NotFound, "delay"),
        (MetricQuery(metrics=()), WrongUse, "at least one"),
        (MetricQuery(metrics=("flights",), limit=-1), WrongUse, "-1"),
    ],
)
def test_bad_questions_are_told(flights: Lapwing, query: MetricQuery, kind: type[LapwingError], words: str) -> None:
    with pytest.raises(kind) as caught:
        flights.answer(query)
    assert words in str(caught.value)


def test_an_error_of_the_source_has_no_place_in_a_text_nobody_wrote(flights: Lapwing) -> None:
    with pytest.raises(WrongUse) as caught:
        flights.answer(MetricQuery(metrics=("flights",), where="carrier = 5", wishes=FROM_SOURCE))
    assert caught.value.problems[0].place is None


@pytest.mark.parametrize("where", ["carrier = 'nobody'", "carrier in ()", "carrier = null", "carrier = 'O''Hare'"])
@pytest.mark.parametrize("grain", [None, Grain.parse("month")])
def test_what_a_filter_leaves_nothing_of_is_zero(flights: Lapwing, where: str, grain: Grain | None) -> None:
    query = MetricQuery(metrics=("flights", "cancel_rate"), where=where, grain=grain)
    table = flights.answer(query).table
    assert set(table.column("flights").to_pylist()) == {0}
    assert set(table.column("cancel_rate").to_pylist()) == {None}
    same(flights, query)


def test_before_the_data_begins_nothing_is_known(flights: Lapwing) -> None:
    query = MetricQuery(metrics=("flights",), start="2012-12", end="2013-02", grain=Grain.parse("month"))
    answer = flights.answer(query)
    assert answer.table.column("flights").to_pylist() == [None, 27004]
    assert answer.receipt.notes == ("The data begins at 2013-01-01T10:15:00Z; before it nothing is known.",)
    same(flights, query)


@pytest.mark.parametrize("where", [None, "", "  "])
def test_a_blank_filter_is_none(flights: Lapwing, where: str | None) -> None:
    assert flights.answer(MetricQuery(metrics=("flights",), where=where)).table.to_pylist() == [{"flights": 336776}]


def test_order_and_limit(flights: Lapwing) -> None:
    by_rate = MetricQuery(
        metrics=("cancel_rate", "flights"), by=("dest",), order=(Order(name="cancel_rate", descending=True),)
    )
    rows = flights.answer(by_rate).table.to_pylist()
    rates = [row["cancel_rate"] for row in rows if row["cancel_rate"] is not None]
    assert rates == sorted(rates, reverse=True)
    assert all(row["cancel_rate"] is None for row in rows[len(rates) :])
    assert rows[0] == {"dest": "LGA", "cancel_rate": 1.0, "flights": 1}
    assert flights.answer(replace(by_rate, limit=3)).table.to_pylist() == rows[:3]
    assert flights.answer(replace(by_rate, limit=0)).table.num_rows == 0
    latest = MetricQuery(
        metrics=("flights",), grain=Grain.parse("month"), order=(Order(name="time", descending=True),), limit=1
    )
    assert flights.answer(latest).table.column("flights").to_pylist() == [28135]
    same(flights, by_rate)


JOINED = """
select a.name, count(*) n, avg(w.temp) t
from files.flights f
join airline.airlines a using (carrier)
left join weather.weather w on w.origin = f.origin and w.time_hour = f.time_hour
group by 1 order by 2 desc limit 5
"""


def test_one_statement_over_three_kinds_of_storage(flights: Lapwing) -> None:
    rows = flights.run_sql(SqlQuery(text=JOINED)).table().to_pylist()
    assert [(row["name"], row["n"]) for row in rows[:2]] == [
        ("United Air Lines Inc.", 58665),
        ("JetBlue Airways", 54635),
    ]
    plain = duckdb.connect()
    for name, source in flights.project.sources.items():
        assert source.path is not None
        if name == "weather":
            plain.execute(f"attach '{source.path}' as weather (read_only)")
        elif name == "files":
            plain.execute(f"create view flights as from '{source.path}/flights/*.parquet'")
        else:
            names = flights.sql.table("select * from airline.airlines")
            plain.register("airlines", names)
    text = JOINED.replace("files.flights", "flights").replace("airline.airlines", "airlines")
    expected = plain.sql(text.replace("weather.weather", "weather.weather")).to_arrow_table().to_pylist()
    assert [(row["name"], row["n"], pytest.approx(row["t"])) for row in expected] == [
        tuple(row.values()) for row in rows
    ]


def test_metrics_inside_sql(flights: Lapwing) -> None:
    answer = flights.run_sql(
        SqlQuery(
            text="""select origin, date_trunc('month', scheduled) as month, measure(cancel_rate) as rate, flights
            from metrics.flights where carrier = 'UA' and scheduled < '2013-03-01'
            group by all having rate > 0.02 order by 1, 2"""
        )
    )
    rows = answer.table().to_pylist()
    direct = flights.answer(
        MetricQuery(
            metrics=("cancel_rate", "flights"),
            by=("origin",),
            grain=Grain.parse("month"),
            end="2013-03-01",
            where="carrier = 'UA'",
        )
    ).table.to_pylist()
    expected = [(row["origin"], row["cancel_rate"], row["flights"]) for row in direct if row["cancel_rate"] > 0.02]
    assert [(row["origin"], row["rate"], row["flights"]) for row in rows] == expected
    assert expected
    assert answer.receipt().pieces[0].by == "rollup"


def test_metrics_of_time_in_sql(flights: Lapwing) -> None:
    """The time in WHERE cuts the answer, not the windows."""
    rows = (
        flights.run_sql(
            SqlQuery(
                text="""
                select origin, flights_28d, measure(flights_vs_last_week) + 1 as ratio
                from metrics.flights where scheduled >= '2013-03-01' and scheduled < '2013-03-08' order by origin"""
            )
        )
        .table()
        .to_pylist()
    )
    asked = MetricQuery(metrics=("flights",), by=("origin",))
    month, now, before = (
        flights.answer(replace(asked, start=start, end=end)).table.column("flights").to_pylist()
        for start, end in (("2013-02-08", "2013-03-08"), ("2013-03-01", "2013-03-08"), ("2013-02-22", "2013-03-01"))
    )
    assert [row["flights_28d"] for row in rows] == month
    assert [row["ratio"] for row in rows] == pytest.approx([new / old for new, old in zip(now, before, strict=True)])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("select 1 as one from metrics.flights", "names no metric"),
        ("select * from metrics.flights", "* exclude (flights_28d, late_rate_28d, flights_vs_last_week)"),
        ("select * replace (1 as dest) from metrics.flights", "can't replace"),
        ("select sum(cancel_rate) from metrics.flights", "is a metric already. Write measure(cancel_rate)"),
        ("select avg(flights) from metrics.flights", "Write measure(flights)"),
        ("select count(distinct carrier) from metrics.flights", "is a metric already"),
        ("select measure(flihgts) from metrics.flights", "Did you mean flights"),
        ("select flights from metrics.fligts", "Did you mean flights"),
        ("select extract(hour from scheduled), flights from metrics.flights", "needs a grain"),
        ("select flights from metrics.flights group by scheduled", "needs a grain"),
        (
            "select extract(dow from date_trunc('day', scheduled)), flights from metrics.flights",
            "same in several of 365",
        ),
        ("select origin || date_trunc('day', scheduled), flights from metrics.flights", "mixed"),
        (
            "select date_trunc('day', scheduled, 'Asia/Tokyo'), flights from metrics.flights",
            "scheduled at time zone 'Asia",
        ),
        ("select origin, flights from metrics.flights group by rollup(origin)", "UNION ALL"),
        ("select origin, flights from metrics.flights group by grouping sets ((origin), ())", "UNION ALL"),
        (
            "select lower(origin), flights from metrics.flights group by 1 order by origin",
            "not what the SELECT groups by",
        ),
        ("select [origin], flights from metrics.flights group by 1", "Groups can't be of"),
        ("select flights from metrics.flights where origin in (select * from airline.airports)", "one column"),
        (
            "select flights from metrics.flights where origin = (select faa from airline.airports)",
            "stands for one value",
        ),
        ("select flights from metrics.flights where date_trunc('month', scheduled) = '2013-02-02'", "No month starts"),
        ("select flights from metrics.flights where scheduled > 5 + 1", "is no moment"),
        ("select flights from metrics.flights order by scheduled", "needs a grain"),
        ("select scheduled, flights_28d from metrics.flights", "looks at other times"),
        ("select scheduled, date_trunc('day', scheduled), flights from metrics.flights", "single moments"),
        ("select flights from metrics.flights where cancel_rate > 0.1", "HAVING"),
        ("select m.flights from metrics.flights m join airline.airlines a using (carrier)", "stands alone"),
        ("select flights from metrics.flights m join airline.airlines a on m.carrier = a.carrier", "stands alone"),
        (
            "select m.carrier, a.name, flights from metrics.flights m join airline.airlines a on m.carrier = a.carrier",
            "stands",
        ),
        (
            "select a.name, flights from metrics.flights m left join airline.airlines a on m.carrier = a.carrier",
            "stands",
        ),
        ("select carrier, flights from metrics.flights m join airline.airlines a on m.carrier > a.carrier", "stands"),
        (
            "select * from metrics.flights m join airline.airlines a on m.carrier = a.carrier",
            "can't replace, rename or join",
        ),
        ("select flights from metrics.flights where year(scheduled) = 2013", "plain comparison"),
    ],
)
def test_what_metrics_in_sql_are_not(flights: Lapwing, text: str, words: str) -> None:
    with pytest.raises(LapwingError) as caught:
        flights.run_sql(SqlQuery(text=text))
    assert words in str(caught.value)
