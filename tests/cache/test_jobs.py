"""Jobs on record: what is kept of them, who may be gone, and how they are stopped from elsewhere."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cache.project import opened
from tests.cache.test_distributed import write_project_of

from lapwing.cache import jobs as of_jobs
from lapwing.cache import on_record as recording
from lapwing.cache.jobs import JobRecord, Jobs, JobState, Remote, with_remote
from lapwing.cache.ledger import all_ledgers
from lapwing.cache.on_record import on_record
from lapwing.cache.owner import owner, run_of
from lapwing.cache.progress import BuildProgress
from lapwing.cache.stopping import stop_job
from lapwing.cache.stores.lmdb import LmdbStore
from lapwing.cache.stores.memory import MemoryStore
from lapwing.model.problem import Cancelled, Conflict, NotFound, Problem

REMOTE = Remote(
    runner="dataflow",
    name="lapwing-a",
    id=None,
    place={"project": "p", "region": "r"},
    rollup="a.main",
    versions={"00": 3},
    borders=(0, 10, 20),
    marks=("x", "y"),
)


def job(by: str, **more: object) -> JobRecord:
    plain = {"id": run_of(by), "by": by, "rollups": ("a.main",), "builder": "beam", "began": 1.0, "seen": time.time()}
    return JobRecord(**plain | more)  # type: ignore[arg-type]


@given(
    st.builds(
        JobRecord,
        id=st.text("0123456789abcdef", min_size=8, max_size=8),
        by=st.just("h/1/2/aa"),
        rollups=st.tuples(st.text()),
        builder=st.text(),
        began=st.floats(0, 1e10),
        seen=st.floats(0, 1e10),
        done=st.integers(0, 10**9),
        total=st.integers(0, 10**9),
        note=st.none() | st.text(),
        cancel=st.booleans(),
        ended=st.none() | st.floats(0, 1e10),
        problem=st.none() | st.builds(Problem, code=st.text(), message=st.text(), hint=st.none() | st.text(min_size=1)),
        remotes=st.just((REMOTE,)) | st.just(()),
    )
)
def test_what_is_kept_is_what_is_read(one: JobRecord) -> None:
    jobs = Jobs(MemoryStore())
    jobs.add(one)
    assert jobs.all() == [one]
    assert jobs.get(one.id[:3]) == one


def test_a_row_that_cannot_be_read_is_as_none() -> None:
    store = MemoryStore()
    jobs = Jobs(store)
    jobs.add(job("h/1/2/aa"))
    store.put([(of_jobs._key("zz"), b"{}"), (of_jobs._key("yy"), b"\xff")])
    assert [one.id for one in jobs.all()] == ["aa"]


def test_names_are_looked_up_by_their_beginning() -> None:
    jobs = Jobs(MemoryStore())
    for run in ("aabb", "aacc"):
        jobs.add(job(f"h/1/2/{run}"))
    assert jobs.get("aac").id == "aacc"
    with pytest.raises(Conflict, match="Several jobs begin with aa: aabb, aacc"):
        jobs.get("aa")
    with pytest.raises(NotFound) as caught:
        jobs.get("aacd")
    assert caught.value.problems[0].nearest == ("aacc",)


def test_only_so_many_ended_ones_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_jobs, "KEPT", 2)
    jobs = Jobs(MemoryStore())
    jobs.add(job("h/1/2/r", began=0.0))
    for number in range(5):
        jobs.add(job(f"h/1/2/e{number}", began=float(number), ended=9.0))
    assert [one.id for one in jobs.all()] == ["e4", "e3", "r"]


def test_whose_process_is_gone_is_lost() -> None:
    now = time.time()
    with owner() as mine:
        assert job(mine).state(now) is JobState.RUNNING
        assert job(mine, cancel=True).state(now) is JobState.CANCELLING
    assert job(mine).state(now) is JobState.LOST
    assert job("elsewhere/1/2/aa", seen=now - 10).state(now) is JobState.RUNNING
    assert job("elsewhere/1/2/aa", seen=now - 100).state(now) is JobState.LOST


def test_a_remote_takes_the_place_of_one_of_its_name() -> None:
    one = with_remote(job("h/1/2/aa"), REMOTE)
    again = with_remote(one, replace(REMOTE, id="7"))
    assert [remote.id for remote in with_remote(again, replace(REMOTE, name="other")).remotes] == ["7", None]


def test_a_quick_job_leaves_no_row() -> None:
    jobs = Jobs(MemoryStore())
    with owner() as by, on_record(jobs, job(by), threading.Event()):
        pass
    assert jobs.all() == []


def test_what_begins_elsewhere_is_on_record_at_once_and_how_it_ended() -> None:
    jobs = Jobs(MemoryStore())

    def work(by: str) -> None:
        with on_record(jobs, job(by), threading.Event()) as entry:
            entry.begins(REMOTE)
            assert jobs.all()[0].remotes == (REMOTE,)
            raise NotFound.of("gone", "It is gone.")

    with owner() as by, pytest.raises(NotFound):
        work(by)
    (left,) = jobs.all()
    assert (left.state(time.time()), left.problem and left.problem.code) == (JobState.FAILED, "gone")


def test_what_begins_elsewhere_stays_on_record_while_progress_is_told() -> None:
    jobs = Jobs(MemoryStore())
    with owner() as by, on_record(jobs, job(by), threading.Event()) as entry:
        over = threading.Event()
        progress = BuildProgress(
            rollup="a.main", start=0, end=1, action="built", keys=0, cells=0, done=1, total=2, seconds_left=None
        )

        def tell() -> None:
            while not over.is_set():
                entry.told(progress)

        thread = threading.Thread(target=tell)
        thread.start()
        for number in range(200):
            entry.begins(replace(REMOTE, name=str(number)))
        over.set()
        thread.join()
        (left,) = jobs.all()
        assert [one.name for one in left.remotes] == [str(number) for number in range(200)]


def test_a_build_is_stopped_from_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one has nothing but the store."""
    monkeypatch.setattr(recording, "QUICK_SECONDS", 0.05)
    monkeypatch.setattr(recording, "BEAT_SECONDS", 0.05)
    write_project_of(tmp_path, 3)
    ask = (
        "import sys; from pathlib import Path; from lapwing.cache.jobs import Jobs;"
        "from lapwing.cache.stopping import stop_job; from lapwing.cache.stores.lmdb import LmdbStore;"
        "store = LmdbStore(Path(sys.argv[1])); jobs = Jobs(store);"
        "print(stop_job(store, jobs, jobs.all()[0].id, print, wait=20).problem.code)"
    )
    with opened(tmp_path, LmdbStore(tmp_path / "store")) as (_, cache):
        asked: list[subprocess.Popen[str]] = []

        def slow(progress: object) -> None:
            time.sleep(0.3)
            if not asked:
                command = [sys.executable, "-c", ask, str(tmp_path / "store")]
                asked.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            elif not cache.jobs.all()[0].cancel:
                until = time.monotonic() + 15
                while not cache.jobs.all()[0].cancel and time.monotonic() < until:
                    time.sleep(0.05)
                time.sleep(0.3)

        with pytest.raises(Cancelled):
            cache.build(progress=slow)
        assert asked[0].communicate(timeout=20)[0].strip() == "cancelled"
        with pytest.raises(Conflict, match="has ended: it is cancelled"):
            cache.cancel_job(cache.jobs.all()[0].id)
        cache.build().checked()


def test_of_a_lost_one_what_it_left_is_cleared_away(tmp_path: Path) -> None:
    write_project_of(tmp_path, 3)
    store, cancelled = MemoryStore(), list[Remote]()
    with opened(tmp_path, store) as (_, cache):
        cache.build("trips.total").checked()
        definition = next(one for one in all_ledgers(store) if one.read().rollup == "trips.total")
        with owner() as by:
            (version,) = definition.reserve([0, 10], by, time.time())
        cache.jobs.add(with_remote(job(by), REMOTE))
        stopped = stop_job(store, cache.jobs, run_of(by), cancelled.append)
        assert stopped.state(time.time()) is JobState.CANCELLED
        assert cancelled == [REMOTE]
        assert all(version not in one.versions for one in definition.read().building)


def test_what_is_lost_and_left_nothing_is_ended_by_the_next_build(tmp_path: Path) -> None:
    write_project_of(tmp_path, 3)
    with opened(tmp_path) as (_, cache):
        with owner() as by:
            cache.jobs.add(job(by))
        with owner() as other:
            cache.jobs.add(with_remote(job(other), REMOTE))  # it may go on where nobody looks now
        cache.build("trips.total").checked()
        told = {one.by: one.state(time.time()) for one in cache.jobs.all()}
    assert (told[by], told[other]) == (JobState.FAILED, JobState.LOST)
