"""Wall clocks as UTC, against zoneinfo with fold=0."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.model.dataset import Dataset, Shown, TimeColumn
from lapwing.sources.engine import Engine
from lapwing.sql.bound import BoundDataset
from lapwing.sql.time import epoch_sql, range_sql

ZONES = [
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "UTC",
]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000
ENGINE = Engine(threads=1)


def us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def truth(local: datetime, zone: str) -> int:
    return us(local.replace(tzinfo=ZoneInfo(zone), fold=0))


def bound(kind: str, zone: str | None) -> BoundDataset:
    dataset = Dataset(
        name="d",
        table="s.t",
        sql=None,
        time=TimeColumn(column="t", zone=zone),
        complete_after=timedelta(),
        joins={},
        dimensions={},
        measures={},
        metrics={},
        rollups={},
        shown=Shown(label="d"),
    )
    nothing: dict[str, str] = {}
    return BoundDataset(
        dataset=dataset,
        relation="rows_",
        time_column="t",
        time_type=kind,
        dimensions=nothing,
        expressions=nothing,
        arguments={},
        argument_sql={},
        filters={},
    )


# Near every change of these zones' clocks in some year, and anywhere before and after 1970.
NEAR = st.builds(
    lambda at, off: at + timedelta(microseconds=off),
    st.sampled_from(
        [
            datetime(2013, 3, 10, 2), datetime(2013, 11, 3, 1), datetime(2026, 3, 29, 2), datetime(2026, 10, 25, 2),
            datetime(2025, 4, 6, 2), datetime(2025, 10, 5, 2), datetime(2011, 12, 30), datetime(2011, 12, 29, 23),
            datetime(2024, 3, 10, 3), datetime(2024, 4, 14, 2), datetime(1969, 12, 31, 23), datetime(1968, 4, 28, 2),
        ]
    ),
    st.integers(-3 * 3_600_000_000, 3 * 3_600_000_000),
)  # fmt: skip
MOMENTS = st.one_of(NEAR, st.datetimes(datetime(1950, 1, 1), datetime(2037, 12, 31)))


@settings(max_examples=80)
@given(zone=st.sampled_from(ZONES), moments=st.lists(MOMENTS, min_size=1, max_size=30), open_ended=st.booleans())
def test_epoch_is_zoneinfos_first_occurrence(zone: str, moments: list[datetime], open_ended: bool) -> None:
    wanted = [truth(moment, zone) for moment in moments]
    start, end = (None, None) if open_ended else (min(wanted), max(wanted) + 1)
    with ENGINE.cursor() as cursor:
        cursor.register("rows_", pa.table({"t": pa.array(moments, pa.timestamp("us"))}))
        assert (
            cursor.table(f"select {epoch_sql('t', 'TIMESTAMP', zone, start, end)} as u from rows_")["u"].to_pylist()
            == wanted
        )


@settings(max_examples=80)
@given(
    zone=st.sampled_from(ZONES),
    moments=st.lists(MOMENTS, min_size=1, max_size=30),
    borders=st.tuples(MOMENTS, MOMENTS),
    open_start=st.booleans(),
)
def test_range_holds_exactly_the_rows_inside(
    zone: str, moments: list[datetime], borders: tuple[datetime, datetime], open_start: bool
) -> None:
    start, end = sorted(truth(border, zone) for border in borders)
    low = None if open_start else start
    wanted = [m for m in moments if (low is None or truth(m, zone) >= low) and truth(m, zone) < end]
    with ENGINE.cursor() as cursor:
        cursor.register("rows_", pa.table({"t": pa.array(moments, pa.timestamp("us"))}))
        condition = range_sql(bound("TIMESTAMP", zone), low, end)
        assert cursor.table(f"select t from rows_ where {condition}")["t"].to_pylist() == wanted


def test_zoned_times_and_dates() -> None:
    moments = [EPOCH - timedelta(microseconds=1), EPOCH, EPOCH + timedelta(days=1)]
    with ENGINE.cursor("America/New_York") as cursor:
        cursor.register("rows_", pa.table({"t": pa.array(moments, pa.timestamp("us", "UTC"))}))
        zoned = "TIMESTAMP WITH TIME ZONE"
        assert cursor.table(f"select {epoch_sql('t', zoned, None)} as u from rows_")["u"].to_pylist() == [-1, 0, DAY]
        condition = range_sql(bound(zoned, None), -1, DAY)
        assert cursor.table(f"select t from rows_ where {condition}").num_rows == 2
        dates = pa.array([moment.date() for moment in moments], pa.date32())
        cursor.register("dates", pa.table({"t": dates}))
        assert cursor.table(f"select {epoch_sql('t', 'DATE', None)} as u from dates")["u"].to_pylist() == [-DAY, 0, DAY]
        for start, rows in ((-DAY, 2), (-DAY + 1, 1), (0, 1), (1, 0)):
            assert (
                cursor.table(f"select t from dates where {range_sql(bound('DATE', None), start, DAY)}").num_rows == rows
            )


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Apia"])
def test_range_prunes_on_the_raw_column(zone: str) -> None:
    condition = range_sql(bound("TIMESTAMP", zone), 1_357_000_000_000_000, 1_375_000_000_000_000)
    assert condition.startswith(("(t >= TIMESTAMP '2012-12-31 ", "(t >= TIMESTAMP '2013-01-01"))
    assert "CASE" not in condition  # no clock changed near a border, however many did between them


def test_a_border_at_a_change_of_the_clock_has_the_raw_condition_first() -> None:
    condition = range_sql(bound("TIMESTAMP", "America/New_York"), 1_362_898_800_000_000, None)  # 2013-03-10 07:00 UTC
    assert condition.startswith("(t >= TIMESTAMP '2013-03-10 02:00:00.000000' AND (t >= TIMESTAMP '2013-03-10 03:00:00")
    assert "CASE" in condition


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("kind", ["TIMESTAMP", "DATE", "TIMESTAMP WITH TIME ZONE"])
def test_a_border_out_of_the_years_that_can_be_written_is_none(zone: str, kind: str) -> None:
    of = bound(kind, None if "ZONE" in kind else zone)
    for far in (2**62, 253_402_300_800_000_000 + 2 * DAY):
        assert range_sql(of, -far, far) == "TRUE"
        assert range_sql(of, 0, far).startswith("(t >= ")
        assert epoch_sql("t", kind, of.dataset.time.zone, far, far + DAY).count("CASE") <= 3
