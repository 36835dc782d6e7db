"""What is remembered of earlier looks: the rhythm of the data, and the table's columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.alerts.data.feed import DATASET, Feed

from lapwing.alerts.data.constants import RHYTHM_LEAST, RHYTHM_ROOM
from lapwing.alerts.data.seen import Seen, unpack
from lapwing.alerts.data.shaped import compared
from lapwing.alerts.ready.constants import DAY, HOUR
from lapwing.model.dataset import Dataset

COLUMNS = {"at": "TIMESTAMP", "region": "VARCHAR", "price": "DOUBLE", "note": "VARCHAR"}


def moved(hours: int, every: int = 2) -> Seen:
    seen = Seen()
    for hour in range(0, hours, every):
        seen = seen.moved(hour * HOUR, hour * HOUR)
    return seen


def test_the_rhythm_is_the_oldest_it_ever_was_and_some_room() -> None:
    assert moved(2 * (RHYTHM_LEAST - 1)).limit is None
    assert moved(60).limit == 2 * HOUR * RHYTHM_ROOM


def test_an_outage_does_not_become_the_rhythm() -> None:
    seen = moved(60)
    after = seen.moved(60 * HOUR + 20 * DAY, 60 * HOUR + 20 * DAY)
    assert after.limit is not None
    assert seen.limit is not None
    assert after.limit <= seen.limit * RHYTHM_ROOM


def test_it_is_kept() -> None:
    seen = compared(moved(40), COLUMNS, _dataset(), 5)
    seen = compared(seen, {**COLUMNS, "price": "VARCHAR"}, _dataset(), 9)
    assert unpack(seen.pack()) == seen
    assert unpack(None) == Seen()
    assert unpack(b"[7, {}]") == Seen()


@pytest.fixture(scope="module", autouse=True)
def _made(tmp_path_factory: pytest.TempPathFactory) -> None:
    root: Path = tmp_path_factory.mktemp("seen") / "p"
    with Feed(root, dataset=DATASET) as feed:
        _MADE.append(feed.lapwing.project.datasets["orders"])


_MADE: list[Dataset] = []


def _dataset() -> Dataset:
    return _MADE[-1]


def test_a_used_column_that_is_gone_is_severe_until_it_is_back() -> None:
    seen = compared(Seen(), COLUMNS, _dataset(), 1)
    assert seen.changed is None
    without = {name: kind for name, kind in COLUMNS.items() if name != "price"}
    gone = compared(seen, without, _dataset(), 2)
    assert gone.changed is not None
    assert (gone.changed.severe, gone.changed.gone) == (True, ("price",))
    assert gone.changed.says == "Columns of files.orders changed: price is gone. orders uses price."
    more = compared(gone, {**without, "other": "BIGINT"}, _dataset(), 3)
    assert more.changed == gone.changed, "what is missed stays the news"
    assert compared(more, COLUMNS, _dataset(), 4).changed is None


def test_what_is_not_used_is_not_severe() -> None:
    seen = compared(Seen(), COLUMNS, _dataset(), 1)
    found = compared(seen, {**COLUMNS, "note": "BIGINT", "new": "DATE"}, _dataset(), 2).changed
    assert found is not None
    assert not found.severe
    assert found.says == "Columns of files.orders changed: note is BIGINT, it was VARCHAR; new is new."
    assert replace(seen).changed is None
