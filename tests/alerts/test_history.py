"""Asked at the front door, laid out as arrays."""

from __future__ import annotations

import numpy as np
import pytest
from tests.alerts.shop import ZONE, rows

from lapwing.alerts.history import Asking, Slice, condition, moment
from lapwing.alerts.measured import measured
from lapwing.model.grain import Grain
from lapwing.query.service import Lapwing


def asking(shop: Lapwing, metric: str = "failed") -> Asking:
    return Asking(lapwing=shop, measured=measured(*shop.project.metric(metric)), zone=ZONE)


@pytest.mark.parametrize(
    ("within", "says"),
    [
        ((), None),
        ((("region", "north"),), "region = 'north'"),
        ((("region", "o'hare"), ("gift", True)), "region = 'o''hare' and gift = true"),
        ((("hour", 7), ("region", None)), "hour = 7 and region is null"),
    ],
)
def test_a_slice_as_a_condition(within: Slice, says: str | None) -> None:
    assert condition(within) == says


def test_series_are_laid_out_by_slice_and_bucket(shop: Lapwing) -> None:
    found = asking(shop).series(("region", "gift"), (("channel", "app"),), Grain.parse("day"))
    assert found.amount.shape == found.exposure.shape == (6, 63)
    assert found.slices[0] == (("channel", "app"), ("region", "north"), ("gift", False))
    for within, amounts, exposures in zip(found.slices, found.amount, found.exposure, strict=True):
        failed, count = rows(
            "select count(*) filter (where failed), count(*) "
            f"from '{shop.project.root}/data/orders/*.parquet' where {condition(within)}"
        )[0]
        assert (amounts.sum(), exposures.sum()) == (failed, count)
    assert found.data_until == moment("2024-03-04T00:00:00-05:00")


def test_totals_of_a_stretch(shop: Lapwing) -> None:
    start, end = moment("2024-02-20T00:00:00-05:00"), moment("2024-02-21T00:00:00-05:00")
    found = asking(shop).totals(("region",), (), start, end)
    expected = rows(
        "select region, count(*) filter (where failed), count(*) "
        f"from '{shop.project.root}/data/orders/*.parquet' where \"at\"::date = '2024-02-20' group by 1"
    )
    assert {key[0]: value.tolist() for key, value in found.items()} == {name: [a, b] for name, a, b in expected}
    whole = asking(shop).totals((), (), start, end)
    np.testing.assert_array_equal(whole[()], sum(found.values()))


def test_pairs_that_occur(shop: Lapwing) -> None:
    assert len(asking(shop).pairs("region", "channel")) == 9
