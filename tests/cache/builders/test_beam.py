"""The builder beam on the runner direct: bit by bit what the engine builds, whatever fails on the way or is done twice."""

from __future__ import annotations

import importlib.util
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cache.builders.contents import Chunks, built, chunks_of
from tests.cache.project import IN_UTC, SCHEMA, opened, row, write_project, write_rows
from tests.cache.test_distributed import EXACT, write_project_of
from tests.services.bigtable import Bigtable

from lapwing.cache import splits
from lapwing.cache.builders import builder_of, patience
from lapwing.cache.builders.beam import builder as beam_builder
from lapwing.cache.builders.beam import runners as beam_runners
from lapwing.cache.builders.beam.runners import check_beam, options_of
from lapwing.cache.builders.beam.tally import Tally
from lapwing.cache.builders.failures import WorkerFailed, found_in, marked
from lapwing.cache.builders.wanted import Wanted
from lapwing.cache.definition import define
from lapwing.cache.distributed import Member, Order
from lapwing.cache.home import Job, at_home
from lapwing.cache.keys import prefix_end, rollup_prefix
from lapwing.cache.ledger import Ledger
from lapwing.cache.progress import BuildProgress
from lapwing.cache.stores import open_store
from lapwing.cache.stores.lmdb import LmdbStore
from lapwing.cache.stores.memory import MemoryStore
from lapwing.model.problem import Cancelled, Place, Problem, Refused, SourceError, StoreError, WrongUse
from lapwing.model.project import BeamConfig, StoreConfig

ONE = BeamConfig(workers=1)
BY_SQL = EXACT.replace("table: files.trips", "sql: select * from files.trips where distance is distinct from 7")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("beam")
    write_project_of(folder, 7)
    return folder


@pytest.fixture(scope="module")
def expected(root: Path) -> Chunks:
    return built(root, "duckdb")


@pytest.mark.parametrize(
    "config",
    [
        ONE,
        BeamConfig(workers=2, shards=5),
        BeamConfig(workers=1, shards=3, options={"direct_runner_bundle_repeat": 2}),
    ],
    ids=["one worker", "threads and shards", "every bundle three times"],
)
def test_it_builds_the_same_bits(root: Path, expected: Chunks, config: BeamConfig) -> None:
    assert built(root, "beam", config) == expected


def test_rows_of_a_statement_are_cut_by_time(tmp_path: Path) -> None:
    write_project_of(tmp_path, 3)
    write_project(tmp_path, dataset=BY_SQL)
    mine = built(tmp_path, "beam", BeamConfig(workers=2))
    assert mine == built(tmp_path, "duckdb")
    assert mine


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 30), rows=st.integers(25, 150), shards=st.integers(1, 6))
def test_any_rows_in_any_parts_are_the_same(
    seed: int, rows: int, shards: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("parts")
    write_project_of(root, seed)
    for file in (root / "data" / "trips").glob("*.parquet"):
        pq.write_table(pq.read_table(file), file, row_group_size=rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lapwing.sources.files.SPLIT_ROWS", rows)
        shuffled(patch, seed)
        mine = built(root, "beam", BeamConfig(workers=1, shards=shards))
    assert mine == built(root, "duckdb")


def shuffled(patch: pytest.MonkeyPatch, seed: int) -> None:
    """Parts come in any order, and so do blocks."""
    made = splits.parts_of

    def parts(*given: Any) -> list[splits.Part]:
        found = made(*given)
        random.Random(seed).shuffle(found)
        return found

    patch.setattr(beam_builder, "parts_of", parts)


def test_files_are_cut_at_row_groups_and_only_those_of_the_time_are_read(tmp_path: Path) -> None:
    write_project(tmp_path, dataset=EXACT, project=IN_UTC)
    for month in (1, 2, 3):
        rows = [row(datetime(2013, month, day, 12)) for day in range(2, 28)]
        file = tmp_path / "data" / "trips" / f"2013-{month:02}.parquet"
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), file, row_group_size=5)
    with opened(tmp_path) as (project, cache):
        bound = cache.bound("trips")
        definition = define(bound, bound.dataset.rollups["main"], project.timezone)
        february = 1_359_676_800_000_000
        borders = (february, february + 28 * 86_400_000_000)
        order = Order(members=(Member(definition=definition, versions=(1,)),), borders=borders)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("lapwing.sources.files.SPLIT_ROWS", 10)
            parts = splits.parts_of(order, cache._builds._sql, 3)
            together = splits.parts_of(order, cache._builds._sql, 1)
        of_parts = [split for part in parts for split in part.rows]
        assert [split.rows for split in of_parts] == [10, 10, 6]
        assert len(parts) == 3
        assert all(str(split.what[0]).endswith("2013-02.parquet") for split in of_parts)
        assert [part.rows for part in together] == [tuple(of_parts)]


class Refusing(MemoryStore):
    """Refuses workers at random, as a store that is overloaded."""

    def __init__(self, seed: int, code: str = "store-unreachable") -> None:
        super().__init__()
        self._dice = random.Random(seed)
        self._code = code
        self.refused = 0

    def put(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        given = list(rows)
        if threading.current_thread() is not threading.main_thread() and self._dice.random() < 0.3:
            super().put(given[: len(given) // 2])  # a part of it may have arrived
            self.refused += 1
            raise StoreError.of(self._code, "It refuses.")
        super().put(given)


def test_a_store_that_refuses_for_a_while_is_waited_for(
    root: Path, expected: Chunks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_FIRST", 0.001)
    store = Refusing(5)
    assert built(root, "beam", BeamConfig(workers=2, shards=4), store) == expected
    assert store.refused > 2


def test_one_that_refuses_for_good_is_told_and_nothing_is_published(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SECONDS", 0.05)
    store = MemoryStore()

    def refuse(rows: Iterable[tuple[bytes, bytes]]) -> None:
        if any(len(value) > 100 for _, value in rows):
            raise StoreError.of("store-unreachable", "It does not answer.", hint="Wake it up.")
        MemoryStore.put(store, rows)

    with opened(root, store) as (_, cache):
        monkeypatch.setattr(store, "put", refuse)
        with pytest.raises(StoreError, match=r"It does not answer\. Wake it up\."):
            cache.build(builder="beam", beam=ONE)
        monkeypatch.undo()
        assert published(cache) == 0
        cache.build(builder="beam", beam=ONE).checked()
        assert published(cache) == 9


def published(cache: Any) -> int:
    return sum(len(one.partitions) for one in cache.status(check=False) if one.follows is None)


def failing(patch: pytest.MonkeyPatch, seed: int, share: float) -> list[str]:
    """Makes steps of workers fail at random, half-way, by errors that are not ours; which did."""
    from lapwing.cache.builders.beam import steps

    dice, failed = random.Random(seed), list[str]()

    def worse(kind: Any, process: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        def failing(self: Any, element: Any) -> Iterator[Any]:
            for one in process(self, element):
                yield one
                if dice.random() < share:
                    failed.append(kind.__name__)
                    raise MemoryError("a worker died")

        return failing

    for kind in (steps.ReadPart, steps.WriteShard, steps.WriteRest):
        patch.setattr(kind, "process", worse(kind, kind.process))
    return failed


@pytest.mark.parametrize("seed", range(2))
def test_workers_that_fail_at_random_double_nothing(root: Path, expected: Chunks, seed: int) -> None:
    store = MemoryStore()
    config = BeamConfig(workers=1, shards=3)
    with opened(root, store) as (_, cache):
        with pytest.MonkeyPatch.context() as patch:
            failed = failing(patch, seed, 0.05)
            for _ in range(2):
                report = cache.build("trips.main", builder="beam", beam=config)
                codes = {one.code for each in report.failed for one in each.problems}
                assert codes <= {"pipeline-failed"}
                if not codes:
                    break
        cache.build(builder="beam", beam=config).checked()
        assert failed
        assert cache.upkeep.verify(None).findings == []
        assert chunks_of(cache, store) == expected


def test_what_another_try_is_for_and_what_not(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[BuildProgress] = []
    with opened(root, MemoryStore()) as (_, cache):
        with pytest.MonkeyPatch.context() as patch:
            failing(patch, 1, 1.0)
            report = cache.build("trips.main", builder="beam", beam=ONE, progress=told.append)
        (failed,) = report.failed
        assert [one.code for one in failed.problems] == ["pipeline-failed"]
        assert "a worker died" in failed.problems[0].message
        tries = [one for one in told if one.note and one.note.startswith("what is left is tried again")]
        assert len(tries) == beam_builder.TRIES - 1
        assert published(cache) == 0


def test_files_changed_after_the_plan_are_noticed(tmp_path: Path) -> None:
    write_project_of(tmp_path, 4)
    made = splits.parts_of

    def parts(*given: Any) -> list[splits.Part]:
        found = made(*given)
        write_rows(tmp_path, "2013-02", [row(datetime(2013, 2, 3, 4))] * 3)
        return found

    with opened(tmp_path, MemoryStore()) as (_, cache):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(beam_builder, "parts_of", parts)
            (failed,) = cache.build(builder="beam", beam=ONE).failed
        assert [one.code for one in failed.problems] == ["source-changed"]
        assert published(cache) == 0
        cache.build(builder="beam", beam=ONE).checked()


def test_a_schema_changed_after_the_plan_is_noticed(tmp_path: Path) -> None:
    write_project_of(tmp_path, 4)
    write_project(tmp_path, dataset=BY_SQL)
    made = splits.parts_of

    def parts(*given: Any) -> list[splits.Part]:
        found = made(*given)
        for file in (tmp_path / "data" / "trips").glob("*.parquet"):
            table = pq.read_table(file)
            place = table.column_names.index("size")
            pq.write_table(table.set_column(place, "size", table.column(place).cast(pa.string())), file)
        return found

    with opened(tmp_path, MemoryStore()) as (_, cache), pytest.MonkeyPatch.context() as patch:
        patch.setattr(beam_builder, "parts_of", parts)
        (failed,) = cache.build(builder="beam", beam=ONE).failed
        assert [one.code for one in failed.problems] == ["schema-changed"]
        assert published(cache) == 0


def test_a_value_that_no_key_has_room_for_is_told(tmp_path: Path) -> None:
    write_project_of(tmp_path, 4)
    write_rows(tmp_path, "2013-02", [row(datetime(2013, 2, 3, 4), "x" * 500)])
    with opened(tmp_path, MemoryStore()) as (_, cache):
        report = cache.build(builder="beam", beam=ONE)
        assert {one.name for one in report.failed} >= {"trips.main"}
        assert {one.code for failed in report.failed for one in failed.problems} == {"value-too-long"}


def test_it_is_cancelled_and_goes_on_later(root: Path, expected: Chunks) -> None:
    cancel, store = threading.Event(), MemoryStore()
    with opened(root, store) as (_, cache):
        with pytest.raises(Cancelled):
            cache.build(builder="beam", beam=ONE, cancel=cancel, progress=lambda _: cancel.set())
        cache.build(builder="beam", beam=ONE).checked()
        assert chunks_of(cache, store) == expected


def test_a_worker_that_is_late_writes_nothing(root: Path) -> None:
    from lapwing.cache.builders.beam.steps import WriteRest, WriteShard

    with opened(root) as (project, cache):
        store = cache._store
        bound = cache.bound("trips")
        definition = define(bound, bound.dataset.rollups["main"], project.timezone)
        ledger = Ledger.of(store, definition)
        borders = (0, 86_400_000_000)
        (version,) = ledger.reserve(borders, "gone/1/1/x", 0.0)
        order = Order(members=(Member(definition=definition, versions=(version,)),), borders=borders)
        with at_home(store, cache._builds._sql) as home:
            job = Job(order=order, project=project, home=home.name)
            assert list(WriteRest(job).process(((0, 0), []))) == [(0, 0)]  # while it is wanted
            (late,) = ledger.reserve((borders[1], 2 * borders[1]), "gone/1/1/x", 0.0)
            ledger.give_up([late])
            order = Order(members=(Member(definition=definition, versions=(late,)),), borders=borders)
            job = Job(order=order, project=project, home=home.name)
            assert list(WriteShard(job).process(((0, 0, 0), []))) == [((0, 0), Tally().came())]
            assert home.error is not None
            assert home.error.problems[0].code == "build-superseded"
            job = Job(order=order, project=project, home="another process")
            steps: list[Callable[[], Iterator[Any]]] = [
                lambda: WriteShard(job).process(((0, 0, 0), [])),
                lambda: WriteRest(job).process(((0, 0), [])),
            ]
            for step in steps:
                with pytest.raises(WorkerFailed) as told:
                    list(step())
                found = found_in(str(told.value))
                assert found is not None
                assert found.problems[0].code == "build-superseded"
        prefix = rollup_prefix(definition.id, late)
        assert list(store.scan(prefix, prefix_end(prefix))) == []


def test_errors_survive_any_log() -> None:
    problem = Problem("a-code", "It's “wrong”.\nVery.", Place("a.yaml", 3), ("b", "c"), "Mend it.")
    for error in (SourceError(problem), StoreError(problem, problem), Refused(problem)):
        text = f"Traceback … WorkerFailed: {marked(error)} [while running 'Read']\\n"
        found = found_in(repr(text))
        assert type(found) is type(error)
        assert found.problems == error.problems
    assert found_in("a plain <lapwing:AAAA> log") is None


LMDB, MEMORY = StoreConfig(type="lmdb", path=Path("/there")), StoreConfig(type="memory")
CLOUD = {"project": "p", "region": "r", "temp_location": "gs://b/t"}


@pytest.mark.parametrize(
    ("config", "store", "code"),
    [
        (BeamConfig(runner="spork"), LMDB, "unknown-runner"),
        (BeamConfig(runner="flink"), LMDB, "missing-endpoint"),
        (BeamConfig(runner="dataflow"), LMDB, "missing-options"),
        (BeamConfig(runner="dataflow", options=CLOUD | {"temp_location": "/tmp/x"}), LMDB, "bad-option"),
        (BeamConfig(runner="dataflow", options=CLOUD | {"job_name": "mine"}), LMDB, "unused-option"),
        (BeamConfig(runner="dataflow", options=CLOUD), LMDB, "store-out-of-reach"),
        (BeamConfig(runner="dataflow", dataflow=CLOUD), MEMORY, "store-out-of-reach"),
        (BeamConfig(options={"direct_running_mode": "multi_processing"}), MEMORY, "store-out-of-reach"),
    ],
)
def test_what_can_not_work_is_refused_at_once(config: BeamConfig, store: StoreConfig, code: str) -> None:
    with pytest.raises((WrongUse, Refused)) as told:
        check_beam(config, store)
    assert told.value.problems[0].code == code
    assert told.value.problems[0].hint or told.value.problems[0].nearest or code == "unknown-runner"


def test_options_that_beam_does_not_know() -> None:
    with pytest.raises(WrongUse, match="Did you mean direct_num_workers"):
        options_of(BeamConfig(options={"direct_num_worker": "2"}))
    with pytest.raises(WrongUse, match="does not take"):
        options_of(BeamConfig(options={"direct_num_workers": "many"}))


def test_without_beam_the_extra_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *of: None if name == "apache_beam" else found(name, *of)
    )
    with (
        opened(root, MemoryStore()) as (project, cache),
        pytest.raises(Refused, match=r"pip install 'lapwing\[beam\]'"),
    ):
        builder_of("beam", cache._builds._sql, cache._store, project.beam, project.spark)


def test_it_builds_into_bigtable(
    root: Path, expected: Chunks, bigtable_server: Bigtable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIGTABLE_EMULATOR_HOST", bigtable_server.address)
    config = StoreConfig(type="bigtable", instance="projects/p/instances/i", table="beam")
    assert built(root, "beam", BeamConfig(workers=2, shards=2), open_store(config)) == expected


def test_it_builds_into_lmdb(root: Path, expected: Chunks, tmp_path: Path) -> None:
    assert built(root, "beam", BeamConfig(workers=2), LmdbStore(tmp_path / "store")) == expected


@pytest.mark.parametrize("change", ["lose", "double"])
def test_what_a_runner_loses_or_doubles_is_noticed(root: Path, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from lapwing.cache.builders.beam import steps

    real = steps.WriteShard.process

    def less(self: Any, given: Any) -> Iterator[Any]:
        key, of = given
        blocks = list(of)
        return real(self, (key, blocks[1:] if change == "lose" else [*blocks, blocks[0]]))

    monkeypatch.setattr(beam_builder, "TRIES", 1)
    with opened(root, MemoryStore()) as (_, cache):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(steps.WriteShard, "process", less)
            (failed,) = cache.build("trips.main", builder="beam", beam=ONE).failed
        assert [one.code for one in failed.problems] == ["pipeline-failed"]
        assert "lost blocks of trips.main" in failed.problems[0].message
        assert published(cache) == 0
        cache.build(builder="beam", beam=ONE).checked()


def test_workers_that_write_elsewhere_are_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lapwing.cache.builders.beam import steps

    elsewhere = MemoryStore()
    monkeypatch.setattr(steps, "Patient", lambda _, cancel: patience.Patient(elsewhere, cancel))
    monkeypatch.setattr(steps, "wanted", lambda *_: Wanted.YES)
    with opened(root, MemoryStore()) as (_, cache):
        with pytest.raises(StoreError, match="what it wrote is not in this store"):
            cache.build("trips.main", builder="beam", beam=ONE)
        assert published(cache) == 0


def test_threads_of_the_runner_direct_send_nothing_on_their_own() -> None:
    """Beam 2.77 loses what is written while its own thread sends; see `direct`."""
    from apache_beam.runners.portability.fn_api_runner import worker_handlers
    from apache_beam.runners.worker.data_plane import ClosableOutputStream, TimeBasedBufferingClosableOutputStream

    assert type(beam_runners.runner_of(BeamConfig())).__name__ == "FnApiRunner"
    limit = worker_handlers.DATA_BUFFER_TIME_LIMIT_MS
    stream = ClosableOutputStream.create(None, None, limit)
    assert not isinstance(stream, TimeBasedBufferingClosableOutputStream)
