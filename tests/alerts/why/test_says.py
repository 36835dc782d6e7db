"""The sentence of a cause: clear, standing out, everywhere, or honestly unclear."""

from __future__ import annotations

from dataclasses import replace

from lapwing.alerts.why.change import Part, Row, Table
from lapwing.alerts.why.says import Subject, clear, slice_name, unclear

COUNT = Subject(direction=1, ratio=False, unit="flights", whole="the flights")


def part(name: str, share: float | None, size: float) -> Part:
    return Part(
        slice=(("airport", name),),
        name=name,
        share=share,
        size=size,
        p=0.01,
        score=20,
        actual=9,
        expected=1,
        chosen=True,
    )


def table(name: str, rows: dict[str, tuple[float, float, float]]) -> Table:
    """Value -> difference, share, size."""
    found = [
        Row(value=value, label=None, actual=10 + difference, expected=10, difference=difference, share=share, size=size)
        for value, (difference, share, size) in rows.items()
    ]
    return Table(name, name.capitalize(), tuple(found))


def test_one_slice_has_it_all() -> None:
    assert clear([part("EWR", 0.986, 0.33)], COUNT) == "Mostly EWR: 99% of the difference, from 33% of the flights."


def test_several_slices() -> None:
    says = clear([part("EWR", 0.5, 0.2), part("JFK", 0.4, 0.001)], COUNT)
    assert says == "Mostly EWR; JFK: 90% of the difference, from 20% of the flights."


def test_a_slice_that_stands_out_of_a_wider_move() -> None:
    says = clear([part("EWR", 0.3, 0.001)], COUNT)
    assert says == "EWR stands out: 30% of the difference, from less than 1% of the flights. The rest is spread."


def test_a_slice_where_the_whole_did_not_move() -> None:
    assert "the whole did not change" in clear([replace(part("EWR", 0.3, 0.2), share=None)], COUNT)


def test_everywhere_at_once() -> None:
    airport = table("airport", {"EWR": (30, 0.5, 0.4), "JFK": (20, 0.3, 0.3), "LGA": (10, 0.2, 0.3)})
    says = unclear([airport], COUNT)
    assert says == "Everywhere at once: all 3 airports are higher. EWR is the largest part, +30 flights."


def test_no_clear_cause_names_what_came_nearest() -> None:
    airport = table("airport", {"EWR": (30, 0.6, 0.4), "JFK": (-5, -0.1, 0.3), "LGA": (-5, -0.1, 0.3)})
    assert (
        unclear([airport], COUNT) == "No clear cause. EWR (airport) has 40% of the flights and 60% of the difference."
    )
    assert "nothing to split" in unclear([], COUNT)


def test_a_slice_in_words() -> None:
    titles = {"airport": "Airport", "carrier": "Airline", "long": "Long haul"}
    within = (("airport", "EWR"), ("carrier", "UA"), ("long", False))
    assert slice_name(within, titles, {("carrier", "UA"): "United"}) == (
        "EWR (airport) with United (airline) and not long haul"
    )
    assert slice_name((("airport", None),), titles, {}) == "null (airport)"
