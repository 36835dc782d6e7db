"""What is counted of answers: from rollups, in part from the source, or why not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from tests.cache.project import DATASET, opened, row, write_project, write_rows

from lapwing.cache.answer import Answered, Missed
from lapwing.cache.filter import parse_where
from lapwing.cache.request import StateRequest, Terms
from lapwing.cache.service import Cache
from lapwing.model.calendar import DAY, to_us

JANUARY = datetime.fromisoformat("2013-01-15")
START, END = (to_us(datetime.fromisoformat(f"2013-0{month}-01T00:00Z")) for month in (1, 2))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    without_main = DATASET.replace(
        "[shop, town, size, far], partition", "[shop, town, size], measures: [trips], partition"
    )
    write_project(tmp_path, dataset=without_main)
    write_rows(tmp_path, "1", [row(JANUARY.replace(day=day)) for day in range(1, 32)])
    return tmp_path


@pytest.fixture
def cache(root: Path) -> Iterator[Cache]:
    with opened(root) as (_, found):
        yield found


def asked(
    cache: Cache,
    *measures: str,
    by: tuple[str, ...] = (),
    where: str | None = None,
    edges: tuple[int, ...] = (START, END),
    known_at: float | None = None,
) -> Answered | Missed:
    bound = cache.bound("trips")
    condition = parse_where(where, bound.dimensions) if where else None
    request = StateRequest(bound=bound, measures=measures, by=by, where=condition, edges=np.array(edges, np.int64))
    return cache.answer(request, Terms(known_at=known_at))


def misses(cache: Cache) -> dict[str, tuple[int, str]]:
    return {one.check: (one.count, one.last) for one in cache.counted().misses}


def test_each_answer_is_counted_once(cache: Cache) -> None:
    cache.build()
    for _ in range(3):
        assert isinstance(asked(cache, "trips"), Answered)
    assert isinstance(asked(cache, "trips", by=("town",)), Answered)
    counted = cache.counted()
    assert (counted.whole, counted.shared, counted.missed) == (4, 0, 0)
    assert sum(one.answers for one in counted.served.values()) == 4
    assert all(0 < one.time <= one.answers * (END - START) for one in counted.served.values())
    assert counted.served["trips.main"].answers == 1


def test_what_the_source_has_a_part_in_is_counted_apart(cache: Cache, root: Path) -> None:
    cache.build()
    write_rows(root, "2", [row(JANUARY.replace(month=2))])
    cache.bound("trips")
    ragged = (START + DAY // 48 // 3, END)  # ten minutes past midnight: that quarter of an hour is the source's
    assert isinstance(asked(cache, "trips", edges=ragged), Answered)
    counted = cache.counted()
    assert (counted.whole, counted.shared) == (0, 1)


def test_a_miss_says_why(cache: Cache) -> None:
    asked(cache, "trips")
    assert misses(cache) == {"definition": (1, "trips")}
    cache.build()
    asked(cache, "trips", by=("far",))
    asked(cache, "trips", by=("far", "shop"))
    asked(cache, "trips", where="far")
    asked(cache, "money", by=("size",))
    asked(cache, "trips", edges=(START + 1, START + 2))
    asked(cache, "trips", edges=(END + 400 * DAY, END + 401 * DAY))
    asked(cache, "trips", known_at=1.0)
    found = misses(cache)
    assert found["dimensions"] == (2, "trips by far, shop")
    assert found["filters"] == (1, "trips, filtered by far")
    assert found["measures"] == (1, "money by size")
    assert found["grain"] == (1, "trips")
    assert found["history"] == (1, "trips")
    assert cache.counted().missed == sum(count for count, _ in found.values())


@pytest.mark.parametrize(
    ("measures", "by", "where", "check"),
    [("trips", ("far",), None, "dimensions"), ("trips", (), "far", "filters"), ("money", ("size",), None, "measures")],
)
def test_the_reason_is_one_that_the_receipt_gives(
    cache: Cache, measures: str, by: tuple[str, ...], where: str | None, check: str
) -> None:
    cache.build()
    found = asked(cache, measures, by=by, where=where)
    assert isinstance(found, Missed)
    assert list(misses(cache)) == [check]
    assert check in {reason.check for one in found.considered for reason in one.reasons if not reason.passed}


def test_none_is_lost_among_threads(cache: Cache) -> None:
    cache.build()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: asked(cache, "trips"), range(200)))
    assert cache.counted().whole == 200
