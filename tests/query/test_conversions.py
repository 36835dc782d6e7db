"""Conversions equal what plain Python makes of the rows, whatever the rows, the keys, and the clocks of both sides."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.trips import DAY_BY_DAY, EVERY_OTHER, FLIGHTS, HOUR, Row, trips, write

from lapwing.model.grain import Grain
from lapwing.model.problem import Refused
from lapwing.query.ask import MetricQuery, SqlQuery, Wishes
from lapwing.query.service import Lapwing


def moments(hours: int) -> st.SearchStrategy[datetime]:
    return st.integers(0, hours * 4).map(lambda quarter: datetime(2024, 5, 1, tzinfo=UTC) + quarter * HOUR / 4)


CUSTOMERS = st.one_of(st.none(), st.integers(1, 4))
BOOKED = st.fixed_dictionaries(
    {
        "customer": CUSTOMERS,
        "channel": st.sampled_from(["web", "app", None]),
        "amount": st.one_of(st.none(), st.integers(-2, 30).map(lambda cents: Decimal(cents) / 4)),
        "at": moments(120),
    }
)
FLOWN = st.fixed_dictionaries({"passenger": CUSTOMERS, "place": st.sampled_from(["none", "bar"]), "off": moments(150)})


def followed(key: Any, at: datetime, others: Sequence[tuple[Any, datetime]], within: timedelta, *, later: bool) -> bool:
    """By the definition, one pair after the other."""
    return key is not None and any(
        other == key and (at < moment if later else at <= moment) and moment < at + within for other, moment in others
    )


def people(rows: Sequence[Row]) -> list[Row]:
    """One of the rows of each customer."""
    return list({row["customer"]: row for row in rows if row["customer"] is not None}.values())


def share(rows: Sequence[Row], of: Sequence[Row], amount: str | None = None) -> float | None:
    """What `rows` are of all rows."""
    if amount is None:
        return len(rows) / len(of) if of else None
    whole = [row[amount] for row in of if row[amount] is not None]
    parts = [row[amount] for row in rows if row[amount] is not None]
    return float(sum(parts)) / float(sum(whole)) if sum(whole) else None


@settings(max_examples=5, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(st.lists(BOOKED, min_size=1, max_size=60), st.lists(FLOWN, max_size=40))
def test_equals_the_definition(bookings: list[Row], flights: list[Row]) -> None:
    """By day and channel, of a count, a part of it and an amount; repeated by two keys, and with a filter."""
    flown = [(row["passenger"], row["off"]) for row in flights if row["place"] != "none"]
    every = [(row["passenger"], row["off"]) for row in flights]
    again = [((row["customer"], row["channel"]), row["at"]) for row in bookings]
    names = ("bookings.booked_to_flown", "worth_flown", "paid_to_flown", "back", "buyers_flown")
    with trips(bookings, flights) as lapwing:
        query = MetricQuery(metrics=names, by=("channel",), grain=Grain.parse("day"))
        table = lapwing.answer(query).table.to_pylist()
        whole = lapwing.answer(MetricQuery(metrics=names[:1], where="channel = 'web' and who > 1")).table.to_pylist()
    said = {
        (row["channel"], row["time"].date()): [
            row[name.rpartition(".")[2]] if name not in row else row[name] for name in names
        ]
        for row in table
    }
    groups: dict[Any, list[Row]] = {}
    last = max(row["at"] for row in bookings).date()
    for row in bookings:
        groups.setdefault((row["channel"], row["at"].date()), []).append(row)
    for group, rows in groups.items():
        led = [row for row in rows if followed(row["customer"], row["at"], flown, 36 * HOUR, later=False)]
        paid = [row for row in rows if (row["amount"] or 0) > 0]
        soon = [row for row in paid if followed(row["customer"], row["at"], every, HOUR, later=False)]
        back = [
            row for row in rows if None not in (row["customer"], row["channel"])
            and followed((row["customer"], row["channel"]), row["at"], again, 48 * HOUR, later=True)
        ]  # fmt: skip
        expected = [share(led, rows), share(led, rows, "amount"), share(soon, paid), share(back, rows)]
        expected.append(share(people(led), people(rows)))
        if group[1] == last and not any(row["amount"] is not None for row in led):
            expected[1] = said[group][1]  # the day is not over, so nothing yet is not 0
        assert said[group] == pytest.approx(expected), group
    some = [row for row in bookings if row["channel"] == "web" and (row["customer"] or 0) > 1]
    led = [row for row in some if followed(row["customer"], row["at"], flown, 36 * HOUR, later=False)]
    assert [list(row.values()) for row in whole] == [[pytest.approx(share(led, some))]] or not some


def test_over_windows_in_changes_and_in_sql() -> None:
    with trips(DAY_BY_DAY, EVERY_OTHER) as lapwing:
        query = MetricQuery(
            metrics=("booked_to_flown", "flown_2d", "flown_change", "per_flown"),
            grain=Grain.parse("day"),
            start="2024-05-02",
            end="2024-05-06",
        )
        table = lapwing.answer(query).table.to_pydict()
        text = "select measure(booked_to_flown_converted) n, made from metrics.bookings where channel = 'web'"
        rows = [lapwing.run_sql(SqlQuery(text=text)).table().to_pylist() for _ in range(2)]
    assert table["booked_to_flown"] == [0, 1, 0, 1]
    assert table["flown_2d"] == [0.5, 0.5, 0.5, 0.5]
    assert table["flown_change"] == [-1, 1, -1, 1]
    assert table["per_flown"] == [None, 3, None, 5]
    assert rows == [[{"n": 4, "made": 8}]] * 2


def test_the_receipt_says_what_may_still_rise_and_why_no_rollup_keeps_it() -> None:
    with trips(DAY_BY_DAY, EVERY_OTHER) as lapwing:
        lapwing.cache.build()
        query = MetricQuery(metrics=("booked_to_flown",), grain=Grain.parse("day"))
        receipt = lapwing.answer(query).receipt
        with pytest.raises(Refused, match="go on being converted"):
            lapwing.answer(replace(query, wishes=Wishes(cache_only=True)))
    (note,) = (note for note in receipt.notes if "rise" in note)
    assert note.startswith("booked_to_flown may still rise in 3 of 8 buckets: rows have 1 day 12 hours to be followed")
    assert note.endswith("the data of flights ends at 2024-05-07T13:15:00Z.")
    (one,) = receipt.considered
    assert "It does not keep booked_to_flown_converted. Rows go on being converted" in one.reasons[0].says


def test_an_answer_before_serves_until_either_side_changes() -> None:
    with trips(DAY_BY_DAY, EVERY_OTHER) as lapwing:
        query = MetricQuery(metrics=("booked_to_flown",))

        def asked() -> tuple[str, float]:
            answer = lapwing.answer(query)
            lapwing.cache.settle()
            return answer.receipt.pieces[0].by, answer.table.column(0)[0].as_py()

        assert [asked(), asked()] == [("source", 0.5), ("by-product", 0.5)]
        with sqlite3.connect(lapwing.project.root / "ops.db") as db:
            db.execute("insert into flights select passenger + 1, place, datetime(off, '+1 day') from flights limit 1")
        db.close()
        assert asked() == ("source", 0.625)
        write(lapwing.project.root, DAY_BY_DAY[:4])
        assert asked() == ("source", 0.75)


def test_keys_that_can_not_be_compared_are_told() -> None:
    with trips(DAY_BY_DAY, EVERY_OTHER) as lapwing:
        path = lapwing.project.root / "datasets" / "flights.yaml"
        path.write_text(
            FLIGHTS.replace("by: {who: passenger}", "by: {who: place}", 1).replace(
                "{customer: passenger}, within: 1", "{cust: passenger}, within: 1"
            )
        )
        with Lapwing.open(lapwing.project.root) as changed:
            problems = changed.sql.check()
    assert [(one.code, one.place and one.place.line) for one in problems] == [("key-types", 11), ("unknown-column", 13)]
    assert "who is INTEGER" in problems[0].message or "customer is INTEGER" in problems[0].message
