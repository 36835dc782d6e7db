"""Hashes change with what a definition means, and with nothing else."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.model.hashing import dataset_hash, metric_hash, monitor_hash, rollup_hash
from lapwing.model.load import load
from lapwing.model.project import Project

ORDERS: dict[str, Any] = {
    "dataset": "orders",
    "table": "files.orders",
    "time": {"column": "at", "timezone": "Europe/Berlin"},
    "joins": {"people": {"table": "files.people", "on": {"person": "id"}}},
    "dimensions": {"country": {"column": "people.country"}, "shop": {}, "big": {"sql": "price > 100"}},
    "measures": {
        "orders": {"count": "*"},
        "paid": {"count": "*", "where": "paid"},
        "revenue": {"sum": "price", "unit": "EUR"},
        "median": {"quantile": "price", "q": 0.5},
    },
    "metrics": {"basket": {"ratio": "revenue / orders"}, "double": {"derived": "basket * 2"}},
    "rollups": {
        "main": {"grain": "hour", "dimensions": ["country", "shop"], "measures": ["orders", "revenue"]},
        "other": {"grain": "day"},
    },
}
MONITOR = {"metric": "basket", "grain": "day", "by": ["shop"], "slice": {"country": "DE"}}


def project(orders: dict[str, Any], monitor: dict[str, Any] | None = None) -> Project:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "datasets").mkdir()
        main = {
            "name": "x",
            "sources": {"files": {"type": "files", "path": "."}},
            "monitors": {"m": monitor or MONITOR},
        }
        (root / "lapwing.yaml").write_text(yaml.safe_dump(main, sort_keys=False))
        (root / "datasets" / "orders.yaml").write_text("# a comment\n" + yaml.safe_dump(orders, sort_keys=False))
        return load(root, {})


def hashes(orders: dict[str, Any], monitor: dict[str, Any] | None = None) -> dict[str, str]:
    read = project(orders, monitor)
    dataset = read.datasets["orders"]
    basket = dataset.metrics["basket"]
    return {
        "main": rollup_hash(dataset, dataset.rollups["main"]),
        "dataset": dataset_hash(dataset),
        "basket": metric_hash(dataset, basket),
        "double": metric_hash(dataset, dataset.metrics["double"]),
        "monitor": monitor_hash(read.monitors["m"], dataset, basket),
    }


BASE = hashes(ORDERS)


def changed(*path: Any, to: Any, within: dict[str, Any] | None = None) -> dict[str, Any]:
    """The definition with the value at `path` set (None: removed)."""
    copy: dict[str, Any] = yaml.safe_load(yaml.safe_dump(within or ORDERS, sort_keys=False))
    target = copy
    for key in path[:-1]:
        target = target[key]
    if to is None:
        del target[path[-1]]
    else:
        target[path[-1]] = to
    return copy


ALL = frozenset(BASE)
DERIVED = frozenset({"dataset", "basket", "double", "monitor"})


@pytest.mark.parametrize(
    ("orders", "moved"),
    [
        (changed("table", to="files.orders2"), ALL),
        (changed("table", to="files.public.orders"), ALL),
        (changed("time", "column", to="paid_at"), ALL),
        (changed("time", "timezone", to="UTC"), ALL),
        (changed("time", "timezone", to=None), ALL),
        (changed("joins", "people", "table", to="files.persons"), ALL),
        (changed("joins", "people", "on", to={"person": "number"}), ALL),
        (changed("measures", "revenue", to={"sum": "price * 2"}), ALL),
        (changed("measures", "revenue", to={"max": "price"}), ALL),
        (changed("measures", "revenue", to={"sum": "price", "where": "paid"}), ALL),
        (changed("measures", "revenue", "fill", to=0), DERIVED),
        (changed("measures", "paid", "where", to="not paid"), {"dataset"}),
        (changed("measures", "median", "q", to=0.9), {"dataset"}),
        (changed("metrics", "basket", "ratio", to="revenue / paid"), DERIVED),
        (changed("metrics", "basket", "value", to="5 EUR"), {"dataset", "basket", "monitor"}),
        (changed("metrics", "double", "derived", to="basket * 3"), {"dataset", "double"}),
        (changed("dimensions", "country", "column", to="people.land"), {"main", "dataset", "monitor"}),
        (changed("dimensions", "shop", "column", to="store"), {"main", "dataset", "monitor"}),
        (changed("dimensions", "big", "sql", to="price > 200"), {"dataset"}),
        (changed("rollups", "main", "grain", to="15 minutes"), {"main"}),
        (changed("rollups", "main", "partition", to="day"), {"main"}),
        (changed("rollups", "main", "dimensions", to=["shop", "country"]), {"main"}),
        (changed("rollups", "main", "dimensions", to=["country"]), {"main"}),
        (changed("rollups", "main", "measures", to=["orders"]), {"main"}),
        (changed("complete_after", to="2 hours"), {"dataset"}),
    ],
)  # fmt: skip
def test_a_change_of_meaning_moves_the_hashes_that_it_concerns(orders: dict[str, Any], moved: set[str]) -> None:
    now = hashes(orders)
    assert {name for name in BASE if now[name] != BASE[name]} == moved


@pytest.mark.parametrize(
    "monitor",
    [
        {**MONITOR, "metric": "double"},
        {**MONITOR, "grain": "hour"},
        {**MONITOR, "by": ["shop", "big"]},
        {**MONITOR, "slice": {"country": "FR"}},
        {**MONITOR, "slice": {}},
        {**MONITOR, "sensitivity": 6},
        {**MONITOR, "min_change": 1},
    ],
)
def test_a_change_of_a_monitor_moves_its_hash(monitor: dict[str, Any]) -> None:
    read = project(ORDERS, monitor)
    dataset = read.datasets["orders"]
    metric = dataset.metrics[read.monitors["m"].metric.partition(".")[2]]
    assert monitor_hash(read.monitors["m"], dataset, metric) != BASE["monitor"]


def shuffled(value: Any, random: Any) -> Any:
    """The same mapping with its keys in another order, at every level; lists as they are."""
    if isinstance(value, dict):
        keys = list(value)
        random.shuffle(keys)
        return {key: shuffled(value[key], random) for key in keys}
    return value


words = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)


@settings(max_examples=25)
@given(random=st.randoms(use_true_random=False), label=words, description=words)
def test_order_labels_and_comments_do_not_count(random: Any, label: str, description: str) -> None:
    orders = shuffled(ORDERS, random)
    for group in ("dimensions", "measures", "metrics"):
        for name in orders[group]:
            shown = {
                "label": f"l{label}",
                "description": f"d{description}",
                "better": "down",
                "synonyms": [f"s{label}"],
            }
            orders[group][name] = {**shown, **orders[group][name]}
    orders["owner"] = f"o{label}"
    assert hashes(orders) == BASE


def test_short_and_long_forms_are_one() -> None:
    orders = changed("joins", "people", to={"table": "files.people", "on": "id", "many_to_one": True})
    short = {**orders, "dimensions": {**orders["dimensions"], "shop": None, "country": "people.country"}}
    short["metrics"] = {**short["metrics"], "double": "basket * 2"}
    assert hashes(short) == hashes(orders)


def test_the_name_of_a_measure_does_not_count_for_a_metric_but_does_for_a_rollup() -> None:
    text = yaml.safe_dump(ORDERS, sort_keys=False).replace("revenue", "turnover")
    now = hashes(yaml.safe_load(text))
    assert now["basket"] == BASE["basket"]
    assert now["main"] != BASE["main"]


def test_hashes_are_16_hex_digits_and_stay() -> None:
    assert all(len(text) == 16 and int(text, 16) >= 0 for text in BASE.values())
    assert hashes(ORDERS) == BASE
    assert len(set(BASE.values())) == len(BASE)


OF_TIME: list[dict[str, Any]] = [
    {"cumulative": "orders"},
    {"cumulative": "orders", "window": "7 days"},
    {"cumulative": "orders", "window": "28 days"},
    {"cumulative": "orders", "window": "1 month"},
    {"cumulative": "orders", "to_date": "month"},
    {"cumulative": "orders", "to_date": "year"},
    {"cumulative": "basket", "to_date": "year"},
    {"change": "orders", "against": "7 days"},
    {"change": "orders", "against": "24 hours"},
    {"change": "orders", "against": "1 day"},
    {"change": "orders", "against": "7 days", "as": "difference"},
    {"change": "orders", "against": "7 days", "as": "ratio"},
    {"derived": "orders"},
]


def hash_of(metric: dict[str, Any]) -> str:
    dataset = project(changed("metrics", "x", to=metric)).datasets["orders"]
    return metric_hash(dataset, dataset.metrics["x"])


def test_time_is_part_of_what_a_metric_means() -> None:
    assert len({hash_of(metric) for metric in OF_TIME}) == len(OF_TIME)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"cumulative": "orders", "window": "7 days"}, {"cumulative": "orders", "window": "week"}),
        ({"change": "orders", "against": "P12M"}, {"change": "orders", "against": "1 year", "as": "percent"}),
        ({"cumulative": "basket", "window": "month"}, {"cumulative": "revenue / orders", "window": "1 month"}),
    ],
)
def test_the_same_time_in_other_words_is_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert hash_of(one) == hash_of(other)
