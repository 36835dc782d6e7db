"""How metrics are judged: shares, amounts of units, counts, levels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lapwing.alerts.chance import Kind
from lapwing.alerts.measured import measured
from lapwing.model.duration import Span
from lapwing.model.expression import change, within
from lapwing.model.stretch import Window
from lapwing.query.service import Lapwing


@pytest.mark.parametrize(
    ("metric", "kind", "asked", "ratio"),
    [
        ("orders", Kind.COUNT, ("orders.orders",), False),
        ("failed", Kind.COUNT, ("orders.failed", "orders.orders"), False),
        ("revenue", Kind.SUM, ("orders.revenue", "orders.orders"), False),
        ("dearest", Kind.LEVEL, ("orders.dearest", "orders.orders"), False),
        ("fail_rate", Kind.SHARE, ("orders.failed", "orders.orders"), True),
    ],
)
def test_of_the_shop(shop: Lapwing, metric: str, kind: Kind, asked: tuple[str, ...], ratio: bool) -> None:
    found = measured(*shop.project.metric(metric))
    assert (found.kind, found.asked, found.ratio) == (kind, asked, ratio)
    assert found.additive is (kind in (Kind.COUNT, Kind.SUM))


def test_over_other_times_than_the_bucket_it_is_a_level(shop: Lapwing) -> None:
    """Buckets of windows do not add up, and have no exposure of their own."""
    dataset, rate = shop.project.metric("fail_rate")
    _, orders = shop.project.metric("orders")
    for metric in (rate, orders):
        for expression in (
            within(metric.expression, Window(long=Span(days=7))),
            change(metric.expression, Span(days=7), "percent"),
        ):
            found = measured(dataset, replace(metric, expression=expression))
            assert (found.kind, found.asked, found.ratio) == (Kind.LEVEL, (f"orders.{metric.name}",), False)


def test_values(shop: Lapwing) -> None:
    rate, failed = (measured(*shop.project.metric(name)) for name in ("fail_rate", "failed"))
    amount, exposure = np.array([1.0, 0.0, 5.0]), np.array([4.0, 0.0, 10.0])
    np.testing.assert_array_equal(rate.value(amount, exposure), [0.25, np.nan, 0.5])
    np.testing.assert_array_equal(failed.value(amount, exposure), [1, np.nan, 5])
