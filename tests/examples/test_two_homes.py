"""One project in two homes: Parquet, DuckDB and LMDB on one machine; BigQuery, Beam and Bigtable in the cloud (here their
emulators). What it is asked it answers alike."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from tests.examples.ads import QUESTIONS, copied, generate
from tests.services.bigtable import Bigtable
from tests.services.dataflow_double import dataflow_double
from tests.services.gcs import Gcs

from lapwing.model.environment import VARIABLE
from lapwing.model.project import BeamConfig
from lapwing.query.ask import MetricQuery, SqlQuery, Wishes
from lapwing.query.service import Lapwing

JANUARY = 1_769_900_400_000_000
"""Late in the month: only partitions that end after it are built."""
OPTIONS = ("--events", "8000", "--days", "40")


@pytest.fixture(scope="module", name="homes")
def _homes(
    bigquery_dsn: str, bigtable_server: Bigtable, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Lapwing, Lapwing]]:
    """The project on one machine and in the cloud, both built."""
    root = copied(tmp_path_factory.mktemp("homes"))
    generate(*OPTIONS, "--out", str(root / "data"))
    generate(*OPTIONS, "--bigquery", f"{bigquery_dsn}.ads", environ=dict(os.environ))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BIGTABLE_EMULATOR_HOST", bigtable_server.address)
        patch.setenv("GCP_PROJECT", bigquery_dsn)
        with Lapwing.open(root) as here:
            here.cache.build().checked()
            patch.setenv(VARIABLE, "cloud")
            with Lapwing.open(root) as there:
                there.cache.build(builder="beam").checked()
                yield here, there


def test_they_are_what_they_say(homes: tuple[Lapwing, Lapwing]) -> None:
    here, there = (one.project for one in homes)
    assert [(one.sources["ads"].type, one.store.type) for one in (here, there)] == [
        ("files", "lmdb"),
        ("bigquery", "bigtable"),
    ]
    assert here.state_path != there.state_path


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: ",".join(one.metrics)[:40])
def test_they_answer_alike_from_rollups(homes: tuple[Lapwing, Lapwing], question: MetricQuery) -> None:
    mine, theirs = (one.answer(question) for one in homes)
    for answer, store in ((mine, "lmdb"), (theirs, "bigtable projects/lapwing-test/instances/metrics/tables/ads")):
        assert {(piece.by, piece.store) for piece in answer.receipt.pieces} == {("rollup", store)}
    assert mine.table.num_rows > 0
    assert mine.table.equals(theirs.table)
    assert mine.receipt.data_until == theirs.receipt.data_until


def test_they_answer_alike_from_the_source(homes: tuple[Lapwing, Lapwing]) -> None:
    for question in QUESTIONS[:4]:
        mine, theirs = (one.answer(replace(question, wishes=Wishes(cache=False))) for one in homes)
        assert {piece.by for piece in theirs.receipt.pieces} == {"source"}
        assert mine.table.equals(theirs.table)


def test_they_answer_sql_alike(homes: tuple[Lapwing, Lapwing]) -> None:
    text = """
        select c.objective, count(*) as campaigns, sum(m.spend) as spend, max(e.last) as last
        from (select campaign, spend from metrics.ads) m
        join ads.campaigns c using (campaign)
        join (select campaign_id, max(received_at) as last from ads.events where device <> 'tv' group by all) e
          on e.campaign_id = c.campaign_id
        group by all order by all"""
    mine, theirs = (one.run_sql(SqlQuery(text=text)).table() for one in homes)
    assert mine.num_rows == 3
    assert mine.equals(theirs)


def test_what_did_not_change_is_not_built_again(homes: tuple[Lapwing, Lapwing]) -> None:
    for one in homes:
        report = one.cache.build(builder="beam")
        assert [(rollup.built, rollup.unchanged > 0) for rollup in report.rollups] == [(0, True)] * 3


def test_bigquery_itself_builds_what_the_workers_built(homes: tuple[Lapwing, Lapwing]) -> None:
    """But for single decimals: the emulator keeps those of Parquet files as doubles, and gets the greatest of them wrong."""
    _, there = homes
    exact = [one for one in QUESTIONS if "dearest" not in one.metrics]
    before = [there.answer(question).table for question in exact]
    there.cache.build("ads.main", builder="source", full=True, start=JANUARY).checked()
    for question, table in zip(exact, before, strict=True):
        assert there.answer(question).table.equals(table)


@pytest.mark.long
def test_dataflow_builds_what_the_direct_runner_built(
    homes: tuple[Lapwing, Lapwing], gcs_server: Gcs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From BigQuery by Dataflow's submission, to workers that have what was staged, into Bigtable."""
    _, there = homes
    exact = [one for one in QUESTIONS if "dearest" not in one.metrics]
    before = [there.answer(question).table for question in exact]
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_server.url)
    with suppress(OSError):  # it is there already
        gcs_server.make_bucket("work")
    with dataflow_double(gcs_server) as double:
        double.gate.set()
        config = BeamConfig(
            runner="dataflow",
            workers=1,
            dataflow={"project": "p", "region": "europe-west1", "temp_location": "gs://work/tmp"},
            options={"dataflow_endpoint": double.address, "no_auth": True},
        )
        there.cache.build("ads", builder="beam", beam=config, full=True, start=JANUARY).checked()
        assert {job.state for job in double.jobs.values()} == {"JOB_STATE_DONE"}
    for question, table in zip(exact, before, strict=True):
        assert there.answer(question).table.equals(table)
