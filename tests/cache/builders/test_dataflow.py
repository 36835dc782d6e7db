"""Builds by Dataflow: the official client's submission to a double of the API, run to its end by workers that have nothing but
what was staged."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from deploy.dataflow.launch import arguments
from tests.cache.builders.contents import Chunks, built, chunks_of
from tests.cache.project import opened
from tests.services.bigtable import Bigtable
from tests.services.dataflow_double import DataflowDouble, Refusal, dataflow_double
from tests.services.gcs import Gcs

from lapwing.cache.builders.beam.dataflow_api import Dataflow
from lapwing.cache.jobs import JobState
from lapwing.cache.service import Cache
from lapwing.cache.stores import open_store
from lapwing.cli.arguments import parse
from lapwing.cli.main import main
from lapwing.model.load import load
from lapwing.model.problem import Cancelled, LapwingError, SourceError, WrongUse
from lapwing.model.project import BeamConfig

DATASET = """
dataset: trips
table: pg.trips
time: {column: at}
complete_after: 0 hours
joins: {shops: {table: pg.shops, on: shop, many_to_one: true}}
dimensions: {shop: {}, town: {column: shops.town}}
measures:
  trips: {count: "*"}
  money: {sum: price}
  kilos: {sum: kilos}
  people: {distinct: person}
  middle: {quantile: kilos, q: 0.5}
rollups:
  main: {grain: hour, dimensions: [shop, town], partition: month}
  total: {grain: hour, dimensions: [], partition: month}
"""


def project_text(store: str, sources: str = "pg: {type: postgres, dsn: '${TRIPS_DSN}', schemas: [SCHEMA]}") -> str:
    return f"name: test\ntimezone: UTC\nnow: 2013-05-01\nsources: {{{sources}}}\nstore: {store}\nhistory: {{versions: 0}}\n"


@pytest.fixture(scope="module")
def schema(postgres_dsn: str) -> Iterator[str]:
    """Three months of trips, in a schema of their own."""
    name, chosen = f"trips_{uuid.uuid4().hex[:8]}", random.Random(3)
    with psycopg.connect(postgres_dsn, autocommit=True) as server, pytest.MonkeyPatch.context() as patch:
        server.execute(f"create schema {name}")
        server.execute(f"create table {name}.shops (shop text primary key, town text)")
        server.execute(f"insert into {name}.shops values ('a', 'Aachen'), ('b', 'Bonn')")
        server.execute(
            f"create table {name}.trips (at timestamptz, shop text, price decimal(12, 2), kilos float8, person int)"
        )
        first = datetime(2013, 2, 1, tzinfo=UTC)
        rows = [
            (
                first + timedelta(minutes=chosen.randrange(120_000)),
                chosen.choice(["a", "b", None]),
                chosen.randrange(10_000) / 100,
                chosen.random(),
                chosen.randrange(300),
            )
            for _ in range(1_000)
        ]
        with server.cursor() as cursor:
            cursor.executemany(f"insert into {name}.trips values (%s, %s, %s, %s, %s)", rows)
        server.execute("analyze")
        patch.setenv("TRIPS_DSN", postgres_dsn)
        yield name


@pytest.fixture(scope="module")
def expected(schema: str, tmp_path_factory: pytest.TempPathFactory) -> Chunks:
    return built(written(tmp_path_factory.mktemp("here"), schema, "{type: memory}"), "duckdb")


@pytest.fixture
def double(gcs_server: Gcs, bigtable_server: Bigtable, monkeypatch: pytest.MonkeyPatch) -> Iterator[DataflowDouble]:
    """The API with workers that begin at once, a bucket, and an emulator of Bigtable."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_server.url)
    monkeypatch.setenv("BIGTABLE_EMULATOR_HOST", bigtable_server.address)
    with suppress(OSError):  # it is there already
        gcs_server.make_bucket("work")
    with dataflow_double(gcs_server) as service:
        service.gate.set()
        yield service


@pytest.fixture
def root(tmp_path: Path, schema: str) -> Path:
    return written(tmp_path, schema, f"{{type: bigtable, instance: projects/p/instances/i, table: {tmp_path.name}}}")


def written(root: Path, schema: str, store: str) -> Path:
    (root / "datasets").mkdir()
    (root / "lapwing.yaml").write_text(project_text(store).replace("SCHEMA", schema))
    (root / "datasets" / "trips.yaml").write_text(DATASET)
    return root


def config(double: DataflowDouble, **more: str | tuple[str, ...]) -> BeamConfig:
    place = {"project": "p", "region": "europe-west1", "temp_location": "gs://work/tmp"}
    options: dict[str, bool | str] = {"dataflow_endpoint": double.address, "no_auth": True}
    return BeamConfig(runner="dataflow", workers=2, shards=2, dataflow={**place, **more}, options=options)


@contextmanager
def quick() -> Iterator[None]:
    """Jobs are asked often."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lapwing.cache.builders.beam.followed.POLL_SECONDS", 0.2)
        patch.setattr("lapwing.cache.builders.beam.on_dataflow.DataflowBuilder.poll_seconds", 0.2)
        patch.setattr("lapwing.cache.on_record.QUICK_SECONDS", 0.1)
        patch.setattr("lapwing.cache.on_record.BEAT_SECONDS", 0.1)
        yield


@contextmanager
def cache_of(root: Path) -> Iterator[tuple[Cache, object]]:
    store = open_store(load(root).store)
    with quick(), opened(root, store) as (_, cache):
        yield cache, store


def test_a_build_is_the_same_bits_and_workers_have_only_what_was_staged(
    root: Path, expected: Chunks, double: DataflowDouble
) -> None:
    said: list[str | None] = []
    chosen = config(double, machine_type="n2-standard-4", labels=("team=revenue",), service_account_email="w@p.iam")
    with cache_of(root) as (cache, store):
        cache.build(builder="beam", beam=chosen, progress=lambda one: said.append(one.note)).checked()
        assert chunks_of(cache, store) == expected  # type: ignore[arg-type]
        assert cache.upkeep.verify(None).findings == []
        (record,) = cache.jobs.all()
    (job,) = double.jobs.values()
    assert "lapwing-0.1.0-py3-none-any.whl" in job.packages
    pool = job.sent.environment.worker_pools[0]
    assert (pool.machine_type, pool.autoscaling_settings.max_num_workers) == ("n2-standard-4", 2)
    assert job.sent.environment.service_account_email == "w@p.iam"
    assert dict(job.sent.labels) == {"lapwing-project": "test", "team": "revenue"}
    assert any(note and job.id in note and "console.cloud.google.com" in note for note in said)
    assert record.state(time.time()) is JobState.DONE
    assert [(one.id, one.name) for one in record.remotes] == [(job.id, job.sent.name)]
    counted = Dataflow({"project": "p", "region": "europe-west1", "endpoint": double.address, "no_auth": "true"})
    assert counted.counters(job.id, "lapwing")["WriteRest"] == 6


@pytest.mark.long
def test_a_job_whose_workers_are_lost_is_tried_again(root: Path, expected: Chunks, double: DataflowDouble) -> None:
    double.die = {0}
    with cache_of(root) as (cache, store):
        cache.build(builder="beam", beam=config(double)).checked()
        assert chunks_of(cache, store) == expected  # type: ignore[arg-type]
    assert [job.state for job in double.jobs.values()] == ["JOB_STATE_FAILED", "JOB_STATE_DONE"]


@pytest.mark.long
def test_what_keeps_failing_is_told_with_the_page_of_its_job(root: Path, double: DataflowDouble) -> None:
    double.die = {0, 1, 2}
    with cache_of(root) as (cache, _):
        (failed,) = cache.build(builder="beam", beam=config(double)).failed
    (problem,) = failed.problems
    assert problem.code == "pipeline-failed"
    assert problem.message == "Dataflow's job 2026-11-27_02 ended as FAILED: The worker lost contact with the service."
    assert "console.cloud.google.com/dataflow/jobs/europe-west1/2026-11-27_02" in str(problem.hint)


@pytest.mark.long
def test_our_errors_come_from_its_workers(root: Path, double: DataflowDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIGTABLE_EMULATOR_HOST", os.environ["BIGTABLE_EMULATOR_HOST"])
    double.gate.clear()
    with cache_of(root) as (cache, _):

        def go_on() -> None:
            double.wait(1)
            with psycopg.connect(os.environ["TRIPS_DSN"], autocommit=True) as server:
                schema = load(root).sources["pg"].schemas[0]
                server.execute(f"alter table {schema}.trips rename column kilos to pounds")
            double.gate.set()

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            (failed,) = cache.build(builder="beam", beam=config(double)).failed
        finally:
            thread.join()
            with psycopg.connect(os.environ["TRIPS_DSN"], autocommit=True) as server:
                schema = load(root).sources["pg"].schemas[0]
                server.execute(f"alter table {schema}.trips rename column pounds to kilos")
    assert failed.problems[0].code == "schema-changed"
    assert len(double.jobs) == 1


@pytest.mark.parametrize(
    ("refusal", "code", "says"),
    [
        (Refusal(403, "PERMISSION_DENIED", "(8c1a): Missing dataflow.jobs.create."), "not-permitted", "roles/dataflow"),
        (Refusal(429, "RESOURCE_EXHAUSTED", "Quota CPUS is used up."), "quota-exceeded", "have the quota raised"),
        (Refusal(404, "NOT_FOUND", "Project p was not found."), "not-found", "API has to be enabled"),
        (Refusal(400, "INVALID_ARGUMENT", "No zone has n9-standard-4."), "runner-refused", "beam: dataflow"),
    ],
)
def test_refused_submissions_are_told_once(
    root: Path, double: DataflowDouble, refusal: Refusal, code: str, says: str
) -> None:
    double.fail("POST", refusal, times=4)  # Beam itself tries a few times
    with cache_of(root) as (cache, _):
        (failed,) = cache.build(builder="beam", beam=config(double)).failed
    assert (failed.problems[0].code, str(refusal).rstrip(".") in failed.problems[0].message) == (code, True)
    assert says in str(failed.problems[0].hint)
    assert not double.jobs


def test_a_bucket_that_is_not_there_is_named(root: Path, double: DataflowDouble) -> None:
    with cache_of(root) as (cache, _):
        (failed,) = cache.build(builder="beam", beam=config(double, temp_location="gs://nowhere/tmp")).failed
    assert failed.problems[0].code == "not-found"
    assert "nowhere" in failed.problems[0].message


def test_without_credentials_it_says_where_it_looked(
    root: Path, double: DataflowDouble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    chosen = config(double)
    with cache_of(root) as (cache, _), pytest.raises(SourceError, match="Looked for, in this order") as caught:
        cache.build(builder="beam", beam=BeamConfig(runner="dataflow", dataflow=chosen.dataflow))
    assert caught.value.problems[0].code == "no-credentials"
    assert not double.asked


def test_files_of_this_machine_are_refused(root: Path, double: DataflowDouble) -> None:
    text = (root / "lapwing.yaml").read_text()
    pg = text[text.index("sources: {") + 10 : text.index("}}\nstore") + 1]
    (root / "lapwing.yaml").write_text(text.replace(pg, f"{pg}, files: {{type: files, path: data}}"))
    (root / "data").mkdir()
    (root / "data" / "shops.csv").write_text("shop,town\na,Aachen\n")
    (root / "datasets" / "trips.yaml").write_text(DATASET.replace("pg.shops", "files.shops"))
    with cache_of(root) as (cache, _):
        (failed,) = cache.build(builder="beam", beam=config(double)).failed
    assert failed.problems[0].code == "source-out-of-reach"
    assert not double.jobs


def test_one_that_is_cancelled_is_cancelled_there(root: Path, double: DataflowDouble) -> None:
    double.gate.clear()
    cancel = threading.Event()
    with cache_of(root) as (cache, _):
        threading.Thread(target=_set_then, args=[cancel, double]).start()
        with pytest.raises(Cancelled):
            cache.build(builder="beam", beam=config(double), cancel=cancel)
        assert [job.state for job in double.jobs.values()] == ["JOB_STATE_CANCELLED"]
        (record,) = cache.jobs.all()
        assert record.state(time.time()) is JobState.CANCELLED


def _set_then(event: threading.Event, double: DataflowDouble) -> None:
    double.wait(1)
    event.set()


BUILD = """
import sys
from tests.cache.builders.test_dataflow import cache_of, config
from pathlib import Path
class Double: address = sys.argv[2]
with cache_of(Path(sys.argv[1])) as (cache, _):
    cache.build(builder="beam", beam=config(Double))
"""


def killed(root: Path, double: DataflowDouble) -> None:
    """A build whose process is killed when its job has been submitted."""
    double.gate.clear()
    process = subprocess.Popen([sys.executable, "-c", BUILD, root, double.address], cwd=Path(__file__).parents[3])
    try:
        double.wait(1)
        with cache_of(root) as (cache, _):
            until = time.monotonic() + 20
            while not any(one.id for job in cache.jobs.all() for one in job.remotes):
                assert time.monotonic() < until
                time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.mark.long
def test_a_later_build_goes_on_with_the_job_of_a_lost_one(root: Path, expected: Chunks, double: DataflowDouble) -> None:
    killed(root, double)
    said: list[str | None] = []
    with cache_of(root) as (cache, store):
        (lost,) = cache.jobs.all()
        assert lost.state(time.time()) is JobState.LOST
        double.gate.set()
        cache.build(builder="beam", beam=config(double), progress=lambda one: said.append(one.note)).checked()
        assert chunks_of(cache, store) == expected  # type: ignore[arg-type]
        assert cache.upkeep.verify(None).findings == []
        states = {job.id: job.state(time.time()) for job in cache.jobs.all()}
    (job,) = double.jobs.values()
    assert f"goes on with Dataflow's job {job.id}" in said
    assert states.pop(lost.id) is JobState.FAILED
    assert list(states.values()) == [JobState.DONE]


@pytest.mark.long
def test_what_a_lost_job_wrote_of_other_data_is_not_taken(
    root: Path, double: DataflowDouble, schema: str, postgres_dsn: str
) -> None:
    killed(root, double)
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        server.execute(f"insert into {schema}.trips values ('2013-02-03 04:05Z', 'a', 1, 1, 1)")
    try:
        with cache_of(root) as (cache, store):
            double.gate.set()
            cache.build(builder="beam", beam=config(double)).checked()
            found = chunks_of(cache, store)  # type: ignore[arg-type]
            assert cache.upkeep.verify(None).findings == []
        assert found == built(root, "duckdb")
    finally:
        with psycopg.connect(postgres_dsn, autocommit=True) as server:
            server.execute(f"delete from {schema}.trips where at = '2013-02-03 04:05Z'")
    assert len(double.jobs) == 2


@pytest.mark.long
def test_the_same_order_is_one_job_however_often_it_is_submitted(
    root: Path, expected: Chunks, double: DataflowDouble
) -> None:
    """The answer to a submission may get lost: the client tries again, and is told that there is one of that name."""
    double.gate.clear()
    with cache_of(root) as (cache, store):
        with pytest.MonkeyPatch.context() as patch:
            from lapwing.cache.builders.beam import on_dataflow

            real = on_dataflow._submitted

            def twice(pipeline: object, api: Dataflow, name: str) -> str:
                with suppress(LapwingError):
                    real(pipeline, api, name)
                number = real(pipeline, api, name)
                double.gate.set()
                return number

            patch.setattr(on_dataflow, "_submitted", twice)
            cache.build(builder="beam", beam=config(double)).checked()
        assert chunks_of(cache, store) == expected  # type: ignore[arg-type]
    assert len(double.jobs) == 1
    assert sum(verb == "POST" for verb, _ in double.asked) == 2


def test_a_detached_job_goes_on_and_the_next_build_publishes_it(
    root: Path, expected: Chunks, double: DataflowDouble
) -> None:
    double.gate.clear()
    with cache_of(root) as (cache, store):
        report = cache.build(builder="beam", beam=config(double), detach=True).checked()
        assert report.left == ("trips.main", "trips.total")
        (job,) = double.jobs.values()
        assert job.state == "JOB_STATE_PENDING"
        assert [one.state(time.time()) for one in cache.jobs.all()] == [JobState.DETACHED]
        # A build of something else by somebody else leaves it alone.
        cache.build("trips.main", start=0, end=1).checked()
        assert cache.build(builder="beam", beam=config(double), detach=True).checked().left
        double.gate.set()
        double.wait(1, "JOB_STATE_DONE")
        report = cache.build(builder="beam", beam=config(double), detach=True).checked()
        assert not report.left
        assert chunks_of(cache, store) == expected  # type: ignore[arg-type]
        assert cache.upkeep.verify(None).findings == []
        assert {one.state(time.time()) for one in cache.jobs.all()} == {JobState.DONE, JobState.FAILED}
    assert len(double.jobs) == 1


def test_what_was_detached_is_cancelled_from_anywhere(root: Path, double: DataflowDouble) -> None:
    double.gate.clear()
    with cache_of(root) as (cache, _):
        cache.build(builder="beam", beam=config(double), detach=True).checked()
        (job,) = cache.jobs.all()
        assert cache.remote_state(job.remotes[0]) == "pending"
        assert cache.cancel_job(job.id[:4]).state(time.time()) is JobState.CANCELLED
        assert [one.state for one in double.jobs.values()] == ["JOB_STATE_CANCELLED"]
        assert cache.remote_state(job.remotes[0]) == "cancelled"
        cache.build().checked()  # nothing is reserved any more


def test_a_detached_job_that_failed_is_ended_and_done_again(
    root: Path, expected: Chunks, double: DataflowDouble
) -> None:
    double.die = {0}
    with cache_of(root) as (cache, store):
        cache.build(builder="beam", beam=config(double), detach=True).checked()
        double.wait(1, "JOB_STATE_FAILED")
        cache.build(builder="beam", beam=config(double)).checked()
        assert chunks_of(cache, store) == expected  # type: ignore[arg-type]
        assert [one.state(time.time()) for one in cache.jobs.all()] == [JobState.DONE, JobState.FAILED]
    assert len(double.jobs) == 2


def test_only_what_outlives_its_process_is_detached(root: Path, double: DataflowDouble) -> None:
    with cache_of(root) as (cache, _):
        for builder in ("duckdb", "beam"):
            with pytest.raises(WrongUse, match="can't be detached"):
                cache.build(builder=builder, beam=BeamConfig(), detach=True)


@pytest.mark.long
def test_a_template_is_written_launched_and_published(
    root: Path, expected: Chunks, double: DataflowDouble, gcs_server: Gcs, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a launcher of Flex Templates does it: the job is submitted by the service, from what was written."""
    template = "gs://work/templates/graph"
    own = [f"--folder={root}", "--rollups=trips", "--runner=DataflowRunner"]
    beams = {
        "project": "p",
        "region": "europe-west1",
        "temp_location": "gs://work/tmp",
        "job_name": "nightly",
        "template_location": template,
        "dataflow_endpoint": double.address,
        "no_auth": "true",
    }
    assert main(arguments([*own, *(f"--{name}={value}" for name, value in beams.items())])) == 0
    assert "Left to go on: trips.main, trips.total." in capsys.readouterr().out
    assert not double.jobs
    graph = json.loads(gcs_server.read(template))
    assert graph["name"] == "nightly"
    double.answer("POST", "/v1b3/projects/p/locations/europe-west1/jobs", json.dumps(graph).encode())
    double.wait(1, "JOB_STATE_DONE")
    with cache_of(root) as (cache, store):
        cache.build(builder="beam", beam=config(double)).checked()
        assert chunks_of(cache, store) == expected  # type: ignore[arg-type]
    assert len(double.jobs) == 1


def test_a_template_takes_what_its_launcher_takes() -> None:
    folder = Path(__file__).parents[3] / "deploy" / "dataflow"
    parameters = {one["name"]: one for one in json.loads((folder / "metadata.json").read_text())["parameters"]}
    given = {"rollups": "ads.main", "environment": "cloud", "from": "-7d/d", "to": "2026-01-31T12:00"}
    assert all(re.fullmatch(pattern, given[name]) for name, one in parameters.items() for pattern in one["regexes"])
    made = arguments([f"--{name}={value}" for name, value in given.items()] + ["--labels={'a': 'b'}"])
    options = parse(made)
    assert (options.which, options.environment, options.start, options.end) == (
        "ads.main",
        "cloud",
        "-7d/d",
        given["to"],
    )
    assert options.beam_options == [("labels", "{'a': 'b'}")]
