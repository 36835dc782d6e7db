"""Products of metrics, and the split of a change over their factors."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.alerts.shop import write_shop

from lapwing.alerts.why.factors import Term, formula, log_mean, products, shortest, split
from lapwing.alerts.why.pair import pair_of
from lapwing.model.dataset import Dataset
from lapwing.model.load import load

positive = st.floats(min_value=1e-3, max_value=1e6)

ADS = """
dataset: orders
table: files.orders
time: {column: at, timezone: America/New_York}
dimensions: {region: {}}
measures:
  asked: {count: "*"}
  shown: {count: "*", where: failed}
  spend: {sum: price}
  dearest: {max: price}
metrics:
  fill: {ratio: shown / asked}
  cpm: {derived: 1000 * spend / shown}
  unfilled: {derived: 1 - shown / asked}
  twice: {derived: (shown + asked) / (2 * asked)}
  odd: {derived: dearest / asked}
  product: {derived: spend * shown}
"""


@pytest.fixture(scope="module")
def ads(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return load(write_shop(tmp_path_factory.mktemp("ads"), dataset=ADS, project=PROJECT)).datasets["orders"]


PROJECT = """
name: shop
timezone: America/New_York
now: {now}
sources:
  files: {{type: files, path: data}}
store: {{type: lmdb, path: .lapwing/store}}
"""


@given(st.lists(st.tuples(positive, positive), min_size=1, max_size=5))
def test_the_parts_add_up_whatever_the_factors_did(factors: list[tuple[float, float]]) -> None:
    terms = {Term(str(i)): pair for i, pair in enumerate(factors)}
    before, after = (math.prod(pair[side] for pair in factors) for side in (0, 1))
    parts = split(before, after, terms)
    assert parts is not None
    assert sum(parts.values()) == pytest.approx(after - before, rel=1e-6, abs=1e-9 * max(before, after))


@given(positive, positive)
def test_the_logarithmic_mean_lies_between(a: float, b: float) -> None:
    assert min(a, b) * (1 - 1e-9) <= log_mean(a, b) <= max(a, b) * (1 + 1e-9)
    assert log_mean(a, b) == pytest.approx(log_mean(b, a))


def test_a_factor_of_nothing_splits_nothing() -> None:
    assert split(1.0, 2.0, {Term("a"): (0.0, 1.0)}) is None


def test_spend_is_what_the_metrics_say(ads: Dataset) -> None:
    found = products(ads, ads.metrics["spend"])
    labels = {name: name for name in ads.metrics}
    assert {formula(product, labels) for product in found} == {"shown × cpm", "asked × fill × cpm"}
    assert products(ads, ads.metrics["fill"]) == [(Term("shown"), Term("asked", -1))]
    assert products(ads, ads.metrics["asked"]) == []


def test_the_shortest_story_is_told(ads: Dataset) -> None:
    """Where fewer requests were filled, that is one factor that moved; "fewer were shown" is the same story, no shorter."""
    values = {"shown": (800.0, 400.0), "asked": (1000.0, 1000.0), "fill": (0.8, 0.4), "cpm": (5.0, 5.0)}
    found = shortest(products(ads, ads.metrics["spend"]), 4.0, 2.0, values)
    assert found is not None
    both = {"shown": (800.0, 800.0), "asked": (1000.0, 2000.0), "fill": (0.8, 0.4), "cpm": (5.0, 2.5)}
    other = shortest(products(ads, ads.metrics["spend"]), 4.0, 2.0, both)
    assert other is not None
    assert other[0] == (Term("shown"), Term("cpm"))
    assert other[1][Term("cpm")] == pytest.approx(-2.0)


def test_metrics_are_read_as_pairs(ads: Dataset) -> None:
    def read(name: str) -> tuple[object, object] | None:
        found = pair_of(ads, ads.metrics[name])
        return None if found is None else (found.amount, found.weight)

    assert read("fill") == ({"shown": 1.0}, {"asked": 1.0})
    assert read("cpm") == ({"spend": 1000.0}, {"shown": 1.0})
    assert read("unfilled") == ({"asked": 1.0, "shown": -1.0}, {"asked": 1.0})
    assert read("twice") == ({"shown": 1.0, "asked": 1.0}, {"asked": 2.0})
    assert read("spend") == ({"spend": 1.0}, None)
    assert (read("dearest"), read("odd"), read("product")) == (None, None, None)
