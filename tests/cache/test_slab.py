"""Questions over whole partitions and many groups are read from slabs, and give what chunks and the source give."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.cache.project import DATASET, row, write_project, write_rows

from lapwing.cache import read, slab
from lapwing.model.grain import Grain
from lapwing.query.ask import MetricQuery, Order, Wishes
from lapwing.query.service import Lapwing

METRICS = (
    *("trips", "paid", "miles", "money", "weight", "heavy", "longest", "lightest", "average", "spread", "shops"),
    *("distances", "middle", "slow", "latest", "earliest", "final_shop", "greatest", "usual"),
)
QUERIES = {
    "all time": MetricQuery(metrics=METRICS, by=("shop",)),
    "months": MetricQuery(metrics=METRICS, by=("shop",), grain=Grain.parse("month")),
    "a month": MetricQuery(metrics=METRICS, by=("shop",), start="2013-02", end="2013-03"),
    "a month elsewhere": MetricQuery(metrics=METRICS, by=("shop",), start="2013-02", end="2013-03", zone="UTC"),
    "half of them": MetricQuery(metrics=METRICS, by=("shop",), where="shop < '500'", start="2013-01", end="2013-02-15"),
    "one of them": MetricQuery(metrics=METRICS, by=("shop",), where="shop = '500'"),
    "no group": MetricQuery(metrics=METRICS, grain=Grain.parse("quarter"), zone="UTC"),
    "other groups": MetricQuery(metrics=METRICS, by=("size",), grain=Grain.parse("quarter"), zone="UTC"),
    "the largest": MetricQuery(
        metrics=("money",), by=("shop",), order=(Order(name="money", descending=True),), limit=5
    ),
}


@pytest.fixture(scope="module", params=["as they are", "cut small"])
def lapwing(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Lapwing]:
    root = tmp_path_factory.mktemp("slab")
    write_project(root, dataset=DATASET)
    chance = random.Random(4)
    rows = []
    for _ in range(3_000):
        at = datetime(2013, 1, 1, 5) + timedelta(seconds=chance.randrange(89 * 86_400))
        rows.append(row(at, f"{chance.randrange(1000):03}", chance.randrange(3), int(chance.paretovariate(1))))
        rows[-1] |= {"kilos": chance.lognormvariate(0, 2), "price": chance.randrange(10**6)}
    write_rows(root, "rows", rows)
    with pytest.MonkeyPatch.context() as patch, Lapwing.open(root) as opened:
        if request.param == "cut small":
            patch.setattr(slab, "_ROWS", 70)
            patch.setattr(slab, "_BYTES", 2_000)
        opened.cache.build()
        yield opened


@pytest.mark.parametrize("name", QUERIES)
def test_slabs_chunks_and_the_source_agree(lapwing: Lapwing, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    query = QUERIES[name]
    answer = lapwing.answer(query)
    piece = answer.receipt.pieces[0]
    assert piece.by == "rollup"
    assert answer.table.num_rows > 0
    from_source = lapwing.answer(
        MetricQuery(**{**{f: getattr(query, f) for f in query.__dataclass_fields__}, "wishes": Wishes(cache=False)})
    )
    assert answer.table.equals(from_source.table)
    monkeypatch.setattr(read, "LEAST_ROWS", 10**9)
    chunks = lapwing.answer(query)
    assert answer.table.equals(chunks.table)
    expected = {"all time": 3, "months": 3, "a month": 1, "the largest": 3}
    if name in expected:
        assert piece.keys == expected[name], "one slab a partition"
        assert chunks.receipt.pieces[0].keys > 500
    if name in ("one of them", "a month elsewhere"):
        assert piece.keys == chunks.receipt.pieces[0].keys


def test_a_missing_slab_is_noticed(tmp_path: Path) -> None:
    write_project(tmp_path, dataset=DATASET)
    write_rows(tmp_path, "rows", [row(datetime(2013, 1, 2), f"{i:03}") for i in range(100)])
    with Lapwing.open(tmp_path) as lapwing:
        lapwing.cache.build()
        store = lapwing.cache._store
        for key, _ in list(store.scan(b"\0", b"\xff" * 400)):
            if b"v" in key[:4] and key[-5:-4] == b"s":
                store.delete_prefix(key)
        answer = lapwing.answer(MetricQuery(metrics=("trips",), by=("shop",), zone="UTC"))
        assert answer.receipt.pieces[0].by == "source", "the rows are counted instead"
        assert sum(answer.table["trips"].to_pylist()) == 100
