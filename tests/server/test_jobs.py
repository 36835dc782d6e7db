"""/api/jobs: builds of any process that shares the store, looked at and cancelled."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tests.cache.test_jobs import job
from tests.shop import Server, serving, write_shop

from lapwing.cache.jobs import Jobs
from lapwing.cache.stores import open_store
from lapwing.model.load import load


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A shop with the job `10057000`, whose process is gone, and `aa`, which has ended."""
    folder: Path = write_shop(tmp_path_factory.mktemp("shop"))
    store = open_store(load(folder).store)
    lost = job(f"{platform.node()}/4194304/1/10057000", began=time.time())  # no process has that number
    for one in (lost, job("h/1/2/aa", ended=5.0)):
        Jobs(store).add(one)
    store.close()
    with serving(folder, "--no-refresh") as running:
        yield running


def test_jobs_are_listed_looked_at_and_cancelled(server: Server) -> None:
    address = f"{server.address}/api/jobs"
    told = requests.get(address, timeout=30).json()["jobs"]
    assert [(one["id"], one["state"]) for one in told] == [("10057000", "lost"), ("aa", "done")]
    assert [one["id"] for one in requests.get(f"{address}?running=true", timeout=30).json()["jobs"]] == ["10057000"]
    assert requests.get(f"{address}/100", timeout=30).json() == told[0]
    cancelled = requests.delete(f"{address}/100", timeout=30)
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")


def test_what_is_not_there_or_has_ended_is_told(server: Server) -> None:
    address = f"{server.address}/api/jobs"
    missing, ended = requests.get(f"{address}/zz", timeout=30), requests.delete(f"{address}/aa", timeout=30)
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown-job")
    assert (ended.status_code, ended.json()["code"]) == (409, "job-ended")
