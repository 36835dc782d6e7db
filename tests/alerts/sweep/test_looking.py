"""Going on from what the first look remembers is the same as looking at everything anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.alerts.sweep.cube import COUNT, CUBOIDS, SHARE, Cube, made, plain, setting

from lapwing.alerts import screens
from lapwing.alerts.measured import Measured
from lapwing.alerts.state import StateDatabase
from lapwing.alerts.sweep import kept, parts, remembered
from lapwing.alerts.sweep.constants import MOST_GROUPS
from lapwing.alerts.sweep.kept import Remembered, Remembering, look
from lapwing.alerts.sweep.setting import Setting
from lapwing.alerts.tables import RunRow

DAYS = 70
DAMAGE = (
    "delete from run_screen where rowid % 3 = ?",
    "update run_screen set data = zeroblob(length(data)) where rowid % 3 = ?",
)


@pytest.fixture(scope="module", autouse=True)
def _small_parts() -> Iterator[None]:
    """Few slices are many parts, and stretches are short."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (remembered, parts):
            patch.setattr(module, "ROWS", 4)
        patch.setattr("lapwing.alerts.sweep.reading.MOST_ROWS", 200)
        yield


class Store:
    """What is kept, in a state database."""

    def __init__(self, path: Path) -> None:
        self.path, self.state, self.most_groups = path, StateDatabase(path), MOST_GROUPS
        run = RunRow(monitor="m", definition="", data="", covered=0, finished=0, series=0, judged=0, arrays=b"")
        with self.state.changing() as session:
            session.add(run)

    def empty(self) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("delete from run_screen")

    def setting(self, reader: Cube, judged: np.ndarray) -> Setting:
        return replace(setting(reader, judged), most_groups=self.most_groups)

    def look(self, reader: Cube, judged: np.ndarray, sure: int) -> tuple[dict[str, object], Remembering]:
        journal = self.state.journal
        before = Remembered(journal.screens("m"), partial(journal.screen, "m"))
        found, new = look(reader, CUBOIDS, reader.whole, self.setting(reader, judged), before, sure)
        with self.state.changing() as session:
            screens.keep(session, "m", new)
        return plain(found), new

    def damage(self, how: str, which: int) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(how, (which,))


@pytest.fixture(scope="module")
def _store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store(tmp_path_factory.mktemp("kept") / "state.db")
    yield store
    store.state.close()


@pytest.fixture
def store(_store: Store) -> Store:
    _store.empty()
    return _store


def anew(reader: Cube, judged: np.ndarray, most_groups: int = MOST_GROUPS) -> dict[str, object]:
    asked = replace(setting(reader, judged), most_groups=most_groups)
    return plain(look(reader, CUBOIDS, reader.whole, asked)[0])


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, int, int]]:
    """What happens: days come in, numbers of the past change, slices come and go, a window is left out, what is kept is
    damaged."""
    kinds = ["days", "days", "days", "late", "gone", "new", "window", "damage"]
    steps = st.tuples(st.sampled_from(kinds), st.integers(0, 60), st.integers(0, 11))
    return draw(st.lists(steps, min_size=3, max_size=7))


def goes_on(store: Store, plan: Measured, data: st.DataObject) -> None:
    """What is looked at step by step is, after each of them, what is seen by whoever looks at everything anew."""
    history = data.draw(histories())
    seed, known, roomy = data.draw(st.integers(0, 3)), data.draw(st.integers(20, 40)), data.draw(st.booleans())
    store.empty()
    events, sold = made(DAYS, seed=seed)
    judged = np.ones(DAYS, bool)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "MOST_BYTES", kept.MOST_BYTES if roomy else 0)
        store.look(Cube.of(events[:known], sold[:known], plan), judged, 0)
        for kind, at, which in history:
            sure, (row, column) = known, divmod(which, 3)
            day = max(known - 1 - at, 0)
            match kind:
                case "days":
                    known = min(known + 1 + which // 4, DAYS)
                case "late":
                    events[day, row, column] += 1 + which
                case "gone":
                    events[day:, row, column] = sold[day:, row, column] = 0
                case "new":
                    events[:day, row, column] = sold[:day, row, column] = 0
                    day = 0
                case "window":
                    judged[day] = not judged[day]
                    day = known
                case "damage":
                    store.damage(DAMAGE[which % 2], which % 3)
                    day = known
            # A store tells of partitions of a week that they are others, as those are in which nothing changed.
            sure = sure if kind == "days" and which % 2 else (min(sure, day) // 7 * 7)
            reader = Cube.of(events[:known], sold[:known], plan)
            assert store.look(reader, judged, sure)[0] == anew(reader, judged)


@pytest.mark.parametrize("plan", [COUNT, SHARE], ids=["counts", "shares"])
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_going_on_is_looking_at_everything_anew(store: Store, plan: Measured, data: st.DataObject) -> None:
    goes_on(store, plan, data)


@pytest.mark.long
@pytest.mark.parametrize("plan", [COUNT, SHARE], ids=["counts", "shares"])
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_going_on_is_looking_at_everything_anew_in_many_ways(store: Store, plan: Measured, data: st.DataObject) -> None:
    goes_on(store, plan, data)


def test_a_new_day_reads_that_day(store: Store) -> None:
    events, sold = made(DAYS)
    judged = np.ones(DAYS, bool)
    store.look(Cube.of(events[:-1], sold[:-1], COUNT), judged, 0)
    reader = Cube.of(events, sold, COUNT)
    found, new = store.look(reader, judged, DAYS - 1)
    assert reader.asked == [1] * len(CUBOIDS)
    assert (new.same, set(new.made)) == (DAYS - 1, {DAYS})
    assert found == anew(reader, judged)


def test_nothing_new_reads_nothing(store: Store) -> None:
    events, sold = made(DAYS)
    judged = np.ones(DAYS, bool)
    before, _ = store.look(Cube.of(events, sold, COUNT), judged, 0)
    reader = Cube.of(events, sold, COUNT)
    found, new = store.look(reader, judged, DAYS)
    assert (reader.asked, new.made, found) == ([], {}, before)


def test_a_slice_that_comes_to_be_large_enough_is_brought_up_alone(store: Store) -> None:
    """It and what it is a part of; nobody else's past is read."""
    events, sold = made(DAYS)
    events[:, 2, 1] = 1  # 70 in all; a slice needs two weeks of 20
    events[-1, 2, 1] = 300
    judged = np.ones(DAYS, bool)
    store.look(Cube.of(events[:-1], sold[:-1], COUNT), judged, 0)
    named: list[object] = []

    class Spied(Cube):
        def rows(self, by, first, last, only=None):  # type: ignore[no-untyped-def]
            named.append((by, only) if last - first > 1 else None)
            return Cube.rows(self, by, first, last, only)

    reader = Spied(**{name: getattr(Cube.of(events, sold, COUNT), name) for name in Cube.__dataclass_fields__})
    found, _ = store.look(reader, judged, DAYS - 1)
    assert {str(one) for one in named if one} == {
        "(('country',), [('v2',)])",
        "(('format',), [('v1',)])",
        "(('country', 'format'), [('v2', 'v1')])",
    }
    assert found == anew(reader, judged)


def test_old_parts_go(store: Store) -> None:
    """Of a hundred days few are remembered, and of each name no more parts than that."""
    events, sold = made(100)
    judged = np.ones(100, bool)
    for known in range(92, 101):
        store.look(Cube.of(events[:known], sold[:known], COUNT), judged, known - 1)
    with closing(sqlite3.connect(store.path)) as connection:
        counts = connection.execute("select part, count(*) from run_screen group by part").fetchall()
        heads = {row[0] for row in connection.execute("select buckets from run_screen where part = 'head'")}
    assert heads == {64, 80, 88, 96, 98, 99, 100}
    assert max(count for _, count in counts) == len(heads)


def test_too_many_slices_are_left_out(store: Store) -> None:
    """A combination that grows too large is left out of all of the past, and is found again when it is not."""
    store.most_groups = 11
    events, sold = made(DAYS)
    events[: DAYS - 1, 0, 0] = 0
    judged = np.ones(DAYS, bool)
    few, _ = store.look(Cube.of(events[:-1], sold[:-1], COUNT), judged, 0)
    assert few["unread"] == ()
    reader = Cube.of(events, sold, COUNT)
    found, _ = store.look(reader, judged, DAYS - 1)
    assert found["unread"] == (("country", "format"),)
    assert found == anew(reader, judged, store.most_groups)
    events[DAYS - 1, 0, 0] = 0
    again, _ = store.look(Cube.of(events, sold, COUNT), judged, DAYS - 1)
    assert again["unread"] == ()
