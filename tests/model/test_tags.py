"""Tags of metrics, and monitors of all that have one."""

from __future__ import annotations

from pathlib import Path

import pytest

from lapwing.model.hashing import dataset_hash
from lapwing.model.load import check_files, load
from lapwing.model.problem import Problem
from lapwing.model.project import Project

DATASET = """
dataset: orders
tags: [shop]
table: files.orders
time: at
dimensions: {region: }
measures:
  orders: {count: "*", tags: volume}
  revenue: {sum: price, tags: [money, shop]}
  best: {top: region, tags: money}
metrics:
  basket: {ratio: revenue / orders, tags: [money]}
  share: revenue / orders
"""
OTHER = """
dataset: returns
table: files.returns
time: at
measures:
  refunds: {sum: price, tags: money}
"""


def write(root: Path, monitors: str, *datasets: str) -> Path:
    (root / "datasets").mkdir(exist_ok=True)
    for number, text in enumerate(datasets or (DATASET,)):
        (root / "datasets" / f"{number}.yaml").write_text(text)
    (root / "lapwing.yaml").write_text(f"name: p\nsources: {{files: {{type: files, path: data}}}}\n{monitors}")
    return root


def read(root: Path, monitors: str, *datasets: str) -> Project:
    return load(write(root, monitors, *datasets), {})


def problems(root: Path, monitors: str, *datasets: str) -> tuple[Problem, ...]:
    return check_files(write(root, monitors, *datasets), {})[1]


def test_a_metric_has_its_own_tags_and_those_of_its_dataset(tmp_path: Path) -> None:
    orders = read(tmp_path, "").datasets["orders"]
    assert {name: metric.tags for name, metric in orders.metrics.items()} == {
        "orders": ("volume", "shop"),
        "revenue": ("money", "shop"),
        "best": ("money", "shop"),
        "basket": ("money", "shop"),
        "share": ("shop",),
    }


def test_tags_mean_nothing_to_what_is_built(tmp_path: Path) -> None:
    tagged = read(tmp_path, "").datasets["orders"]
    plain = read(tmp_path, "", DATASET.replace("tags: [shop]\n", "").replace(", tags: [money]", "")).datasets["orders"]
    assert (plain, dataset_hash(plain)) == (tagged, dataset_hash(tagged))


def test_a_monitor_of_a_tag_watches_each_of_its_metrics(tmp_path: Path) -> None:
    watched = "monitors: {money: {watch: tag:money, grain: day, sensitivity: 5, tags: ops}}"
    found = read(tmp_path, watched, DATASET, OTHER).monitors
    assert list(found) == ["money.orders.revenue", "money.orders.basket", "money.returns.refunds"]
    one = found["money.orders.revenue"]
    assert (one.metric, one.group, one.tag, one.sensitivity) == ("orders.revenue", "money", "money", 5.0)
    assert one.tags == ("ops", "money", "shop")
    more = OTHER + "  fees: {sum: fee, tags: money}\n"
    assert {*read(tmp_path, watched, DATASET, more).monitors} == {*found, "money.returns.fees"}


def test_what_is_watched_by_itself_is_not_watched_twice(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        """monitors:
  money: {watch: tag:money, grain: day}
  everything: {watch: tag:shop, grain: day}
  basket: {metric: basket, grain: day, sensitivity: 6}
  basket_hourly: {metric: basket, grain: hour}
  by_region: {watch: tag:volume, grain: day, by: region}
""",
    ).monitors
    assert list(found) == [
        "money.orders.revenue",
        "everything.orders.orders",
        "everything.orders.share",
        "basket",
        "basket_hourly",
        "by_region.orders.orders",
    ]


def test_subscriptions_and_maintenance_may_name_a_group_and_a_metrics_tag(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        """monitors: {money: {watch: tag:money, grain: day}}
channels: {m: {type: webhook, url: "https://x"}}
subscriptions: {all: {channels: m, monitors: money}, tagged: {channels: m, tags: volume}}
maintenance: [{name: Move, start: 2024-01-01, end: 2024-01-02, monitors: money}]
""",
    )
    assert found.delivery.subscriptions["all"].monitors == ("money",)
    assert found.maintenance[0].monitors == ("money",)


@pytest.mark.parametrize(
    ("monitor", "code", "near"),
    [
        ("{watch: tag:mony, grain: day}", "unknown-tag", ("tag:money",)),
        ("{watch: tag:zzz, grain: day}", "unknown-tag", ()),
        ("{watch: money, grain: day}", "bad-watch", ("tag:money",)),
        ("{watch: tag:money, metric: basket, grain: day}", "metric-or-watch", ()),
        ("{grain: day}", "metric-or-watch", ()),
        ("{metric: tag:money, grain: day}", "unknown-metric", ()),
        ("{watch: tag:money, grain: day, by: regio}", "unknown-dimension", ("region",)),
        ("{watch: tag:money, grain: day, depth: 2}", "unused-key", ()),
        ("{watch: tag:money, grain: day, min_change: 2}", "unused-key", ()),
    ],
)
def test_what_is_wrong_is_told_once_with_the_nearest(
    tmp_path: Path, monitor: str, code: str, near: tuple[str, ...]
) -> None:
    (found,) = problems(tmp_path, f"monitors: {{m: {monitor}}}")
    assert (found.code, found.nearest) == (code, near)
    assert found.place is not None
    assert found.place.line == 3


def test_a_tag_of_a_metric_that_has_a_mistake_is_not_unknown(tmp_path: Path) -> None:
    broken = OTHER.replace("sum: price", "summ: price")
    found = problems(tmp_path, "monitors: {m: {watch: tag:money, grain: day}}", broken)
    assert [one.code for one in found] == ["unknown-key"]
