"""The cache checks itself: what differs from the source is found, put aside and told; a source that changes is not blamed."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.cache import faults
from tests.cache.project import IN_UTC, opened, row, write_project, write_rows
from tests.cache.stores.places import KINDS, place
from tests.cache.test_build import SMALL, by_month, counts, moment
from tests.cache.test_history import FEBRUARY, MARCH, kept, write
from tests.cache.test_service import rows
from tests.cache.test_verify import flipped

from lapwing.cache import compare as comparing
from lapwing.cache import definitions as defining
from lapwing.cache import lattice
from lapwing.cache import look as looking
from lapwing.cache.audit import Audit, Audited, Budget
from lapwing.cache.direct import read_source
from lapwing.cache.history import Target
from lapwing.cache.look import Outcome
from lapwing.cache.service import Cache
from lapwing.cache.slice import whole
from lapwing.cache.stores import open_store
from lapwing.model.problem import Cancelled, NotFound
from lapwing.model.project import Project

WHOLE = Budget(whole=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path, dataset=SMALL, project=IN_UTC)
    for month in (1, 2, 3):
        write(tmp_path, month, "a", 2)
    return tmp_path


def outcomes(audit: Audit) -> dict[str, int]:
    return {str(one): audit.count(one) for one in Outcome if audit.count(one)}


@contextmanager
def audited(root: Path) -> Iterator[tuple[Project, Cache]]:
    """The project built, and found equal."""
    with kept(root) as (project, cache):
        cache.build().checked()
        audit = cache.audits.run(budget=WHOLE)
        assert set(outcomes(audit)) == {"equal"}
        assert not (audit.opened)
        assert not (audit.resolved)
        assert not (audit.failed)
        yield project, cache


WRONG = {
    "flat": {
        "trips": "n",
        "paid": "n",
        "miles": "lo",
        "money": "lo",
        "weight": "a_lo",
        "heavy": "n",
        "longest": "value",
        "lightest": "value",
        "spread": "q0",
        "shops": "n",
        "distances": "n",
        "middle": "n",
        "latest": "value",
        "earliest": "value",
        "final_shop": "n",
        "greatest": "n",
        "usual": "n",
    },
    "entries": {
        "shops": "register",
        "distances": "rank",
        "middle": "bucket",
        "latest": "time",
        "final_shop": "value",
        "greatest": "value",
        "usual": "lower",
    },
}


def test_a_wrong_number_in_any_state_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "MOST_SHOWN", 100)
    write_project(tmp_path)
    write_rows(tmp_path, "all", [one for one in rows(1, 900) if str(one["at"]) < "2013-01-30"])
    with opened(tmp_path) as (_, cache):
        cache.build("trips.main").checked()
        audit = cache.audits.run("trips", budget=WHOLE)
        assert outcomes(audit) == {"equal": 1}
        main = faults.definitions(cache)["trips.main"]
        right = faults.partition(cache, main)
        for wrong in WRONG.values():
            owned = {main.owners[measure]: column for measure, column in wrong.items()}
            new = faults.rebuild(cache, main, right, faults.other_numbers(owned))
            audit = cache.audits.run("trips", budget=WHOLE)
            assert outcomes(audit) == {"different": 1}
            (incident,) = audit.opened
            assert (incident.rollup, incident.version, incident.builder) == ("trips.main", new.version, new.builder)
            told = {main.owners[one.measure]: one for one in incident.differences}
            assert told.keys() == owned.keys()
            assert all(one.kept != one.source or "states" in one.says for one in told.values())
            assert faults.partition(cache, main).quarantined == f"An audit found: {incident.says}"
        assert [(one.times, one.state) for one in cache.audits.incidents()] == [(2, "open")]


@pytest.mark.parametrize("kind", KINDS)
def test_from_a_fault_to_its_end(root: Path, kind: str, request: pytest.FixtureRequest) -> None:
    """Found, put aside, answered around, told; built again, looked at again, resolved."""
    store = open_store(place(kind, request))
    with opened(root, store) as (project, cache):
        cache.build().checked()
        main = faults.definitions(cache)["trips.main"]
        right = faults.partition(cache, main, FEBRUARY)
        wrong = faults.rebuild(cache, main, right, faults.other_numbers({"trips": "n"}))
        assert by_month(project, cache) == {"a": 5}
        assert cache.upkeep.verify().findings == []  # its checksums are right
        before = time.time()
        audit = cache.audits.run(budget=WHOLE)
        assert outcomes(audit) == {"equal": 2, "different": 1}
        (incident,) = audit.opened
        (difference,) = incident.differences
        assert (difference.measure, difference.group) == ("trips", {"shop": "a"})
        assert (difference.kept, difference.source) == (0, 1)
        assert difference.end - difference.start == main.grain
        assert "trips of shop a at 2013-02-02T17:00:00Z is 0, at the source 1." in incident.says
        assert "1 of 2 cells differ" in incident.says
        assert (incident.start, incident.end, incident.version) == (FEBRUARY, MARCH, wrong.version)
        assert (incident.builder, incident.mark) == (wrong.builder, right.mark)
        assert before < incident.opened < time.time()
        assert by_month(project, cache) is None  # the source answers this part of it
        assert cache.upkeep.verify().findings[0].check == "quarantine"
        assert outcomes(cache.audits.run(budget=WHOLE)) == {"equal": 2}
        assert [one.state for one in cache.audits.incidents("trips.main")] == ["open"]
        assert counts(cache.build()) == (1, 2, 0)
        assert by_month(project, cache) == {"a": 6}
        assert cache.audits.incidents()[0].state == "open"  # until it was looked at
        audit = cache.audits.run(budget=Budget(seconds=20))
        assert [one.id for one in audit.resolved] == [incident.id]
        (ended,) = cache.audits.incidents()
        assert (ended.state, ended.id) == ("resolved", incident.id)
        assert ended.resolution == "Version 5 is equal to the source."
        assert cache.upkeep.verify().findings == []  # neither incidents nor looks are left over


def test_a_builder_that_stays_wrong_is_told_of_once_more(root: Path) -> None:
    with audited(root) as (_, cache):
        main = faults.definitions(cache)["trips.main"]
        for _ in range(2):
            right = faults.partition(cache, main, FEBRUARY)
            faults.rebuild(cache, main, replace(right, quarantined=None), faults.other_numbers({"miles": "lo"}))
            audit = cache.audits.run(budget=Budget(seconds=20))
            assert len(audit.opened) == 1
            cache.build().checked()
        (incident,) = cache.audits.incidents()
        assert (incident.state, incident.times) == ("open", 2)


@pytest.mark.parametrize(
    "fault", [faults.lost_cell(), faults.doubled, faults.senseless], ids=["lost", "doubled", "senseless"]
)
def test_cells_that_are_lost_or_too_many_are_found(root: Path, fault: faults.Fault) -> None:
    with audited(root) as (_, cache):
        main = faults.definitions(cache)["trips.main"]
        faults.rebuild(cache, main, faults.partition(cache, main, FEBRUARY), fault)
        audit = cache.audits.run(budget=WHOLE)
        assert [one.start for one in audit.opened] == [FEBRUARY]
        assert faults.partition(cache, main, FEBRUARY).quarantined


def test_totals_that_are_not_those_of_their_cells_are_found(tmp_path: Path) -> None:
    write_project(tmp_path, dataset=SMALL)
    write_rows(tmp_path, "all", [row(moment(1, 2 + i % 9), f"{i:03}") for i in range(100)])
    with audited(tmp_path) as (_, cache):
        main = faults.definitions(cache)["trips.main"]
        faults.wrong_totals(cache, main, faults.partition(cache, main))
        assert cache.upkeep.verify().findings == []
        (incident,) = cache.audits.run(budget=WHOLE).opened
        assert incident.differing == 100
        assert incident.differences[0].end - incident.differences[0].start == incident.end - incident.start


def test_damage_is_told_too(root: Path) -> None:
    with audited(root) as (_, cache):
        flipped(cache, 2)
        audit = cache.audits.run(budget=WHOLE)
        assert outcomes(audit) == {"equal": 2, "damaged": 1}
        assert "checksum" in audit.opened[0].says
        cache.build().checked()
        assert len(cache.audits.run(budget=WHOLE).resolved) == 1


def test_what_has_changed_since_is_not_compared(root: Path) -> None:
    """Late rows, a restated past, a deletion, a version put back."""
    with audited(root) as (_, cache):
        write_rows(root, "late", [row(moment(1, 9), "late")])
        write(root, 2, "b", 5)
        (root / "data" / "trips" / "2013-03.parquet").unlink()
        audit = cache.audits.run(budget=WHOLE)
        assert outcomes(audit) == {"stale": 3}
        assert audit.opened == []
        cache.build().checked()
        assert set(outcomes(cache.audits.run(budget=WHOLE))) == {"equal"}
        cache.upkeep.roll_back("trips", Target(), FEBRUARY, FEBRUARY + 1)
        assert outcomes(cache.audits.run(budget=WHOLE))["stale"] == 1
        assert cache.audits.incidents() == ()


def test_a_source_that_changes_meanwhile_is_not_blamed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It changes between its mark and its rows, then back: the second mark is the first."""
    with audited(root) as (_, cache):
        file = root / "data" / "trips" / "2013-02.parquet"
        before, times = file.read_bytes(), file.stat()
        read, reads, back = read_source, 0, True

        def changing(*given: Any) -> Any:
            nonlocal reads
            reads += 1
            if reads == 1:
                write(root, 2, "b", 9)
            try:
                return read(*given)
            finally:
                if back:
                    file.write_bytes(before)
                    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

        monkeypatch.setattr(looking, "read_source", changing)
        main = faults.definitions(cache)["trips.main"]
        looker = looking.Looker(cache._sql, cache._store, cache._reader._selector._engine, threading.Event())
        february = faults.partition(cache, main, FEBRUARY)
        for says in ("another answer each time", "changed meanwhile"):
            reads, back = 0, says.startswith("another")
            found = looker.look(main, february, whole(february), 60.0)
            assert found.outcome is Outcome.CHANGED
            assert says in found.says
        assert faults.partition(cache, main, FEBRUARY).quarantined is None


def test_rows_that_come_all_the_time_are_never_blamed(root: Path) -> None:
    stop = threading.Event()

    def change() -> None:
        number = 2
        while not stop.wait(0.005):
            number += 1
            write_rows(root, "2013-02", [row(moment(2, 2 + i % 20), "ab"[number % 2]) for i in range(number % 7 + 1)])

    with kept(root) as (_, cache):
        thread = threading.Thread(target=change)
        thread.start()
        try:
            for _ in range(4):
                cache.build()
                audit = cache.audits.run(budget=WHOLE)
                assert audit.opened == []
        finally:
            stop.set()
            thread.join()
        cache.build().checked()
        assert set(outcomes(cache.audits.run(budget=WHOLE))) == {"equal"}


def test_a_source_that_does_not_answer_is_not_blamed(root: Path) -> None:
    with audited(root) as (_, cache):
        for file in (root / "data" / "trips").iterdir():
            file.unlink()
        audit = cache.audits.run(budget=WHOLE)
        assert audit.opened == []
        assert set(outcomes(audit)) <= {"stale", "unanswered"}


def test_what_is_folded_from_a_rollup_goes_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lattice, "LEAST_SAVED", 1)
    monkeypatch.setattr(defining, "_SECONDS", 0.0)
    write_project(
        tmp_path, dataset=SMALL.replace("[shop], partition: month", "[shop, size], partition: month, ancestors: 3")
    )
    chance = random.Random(1)
    for month in (1, 2):
        made = [row(moment(month, 2 + i % 20), f"{chance.randrange(30)}", chance.randrange(9)) for i in range(500)]
        write_rows(tmp_path, f"2013-{month:02}", made)
    with audited(tmp_path) as (_project, cache):
        every = faults.definitions(cache)
        main = every.pop("trips.main")
        assert every
        ancestor = next(iter(every.values()))
        faults.rebuild(cache, ancestor, faults.partition(cache, ancestor), faults.other_numbers({"trips": "n"}))
        audit = cache.audits.run(budget=WHOLE)
        assert [one.rollup for one in audit.opened] == [ancestor.name]
        assert faults.partition(cache, main).quarantined is None
        cache.build().checked()
        assert [one.rollup for one in cache.audits.run("trips.main", budget=WHOLE).resolved] == [ancestor.name]
        faults.rebuild(cache, main, faults.partition(cache, main), faults.other_numbers({"trips": "n"}))
        audit = cache.audits.run(budget=Budget(seconds=60), chance=chance)
        assert [one.rollup for one in audit.opened] == ["trips.main"]
        seen = cache._manifests.read(list(every.values()))
        january = faults.partition(cache, main).start
        assert all(one and one.quarantined(january, january + 1) for one in seen.values())
        cache.build().checked()
        assert [one.rollup for one in cache.audits.run(budget=WHOLE).resolved] == ["trips.main"]
        assert all(
            one and not one.quarantined(january, january + 1)
            for one in cache._manifests.read(list(every.values())).values()
        )


def test_incidents_of_what_is_not_kept_any_more_end(root: Path) -> None:
    with audited(root) as (_, cache):
        main = faults.definitions(cache)["trips.main"]
        faults.rebuild(cache, main, faults.partition(cache, main), faults.other_numbers({"trips": "n"}))
        assert len(cache.audits.run(budget=WHOLE).opened) == 1
    file = root / "datasets" / "trips.yaml"
    file.write_text(file.read_text().replace("grain: hour", "grain: 30 minutes"))
    with kept(root) as (_, cache):
        cache.build().checked()
        audit = cache.audits.run("trips.main", budget=Budget(seconds=0))
        assert (audit.looks, len(audit.resolved)) == ([], 1)
        assert [one.resolution for one in cache.audits.incidents()] == ["It is not kept any more."]
        with pytest.raises(NotFound):
            cache.audits.run("trips.mian")


def test_it_can_be_cancelled(root: Path) -> None:
    cancel = threading.Event()
    with audited(root) as (_, cache), pytest.raises(Cancelled, match="after 1 look"):
        cache.audits.run(budget=WHOLE, progress=lambda _: cancel.set(), cancel=cancel)


def test_a_statement_under_way_is_cancelled(root: Path) -> None:
    cancel = threading.Event()
    with audited(root) as (_, cache):
        main = faults.definitions(cache)["trips.main"]
        looker = looking.Looker(cache._sql, cache._store, cache._reader._selector._engine, cancel)
        one = faults.partition(cache, main)
        cancel.set()
        with pytest.raises(Cancelled):
            looker.look(main, one, whole(one), 60.0)


def test_progress_is_told(root: Path) -> None:
    told: list[Audited] = []
    with audited(root) as (_, cache):
        cache.audits.run(budget=WHOLE, progress=told.append)
    assert [one.done for one in told] == [1, 2, 3]
    assert told[-1].fraction == 1.0
