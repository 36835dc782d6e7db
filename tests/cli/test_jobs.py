"""lapwing jobs: long builds listed, shown and cancelled from any process."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cache.project import opened
from tests.cache.test_distributed import write_project_of
from tests.cache.test_jobs import REMOTE, job
from tests.cli.test_store import asked

from lapwing.cache.jobs import Remote, with_remote
from lapwing.cache.owner import owner
from lapwing.cli.main import main


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    """A project with one job that has ended, and one whose process is gone."""
    write_project_of(tmp_path, 3)
    with opened(tmp_path) as (_, cache):
        with owner() as by:
            lost = with_remote(job(by, began=time.time(), note="a.main: 3 of 9 parts read", done=2, total=9), REMOTE)
        cache.jobs.add(replace(lost, id="10057000"))
        cache.jobs.add(job("h/1/2/aa", ended=5.0, done=9, total=9))
    return tmp_path


def test_they_are_listed_the_latest_first(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = asked(capsys, "-p", str(root), "jobs", "list")
    assert isinstance(told, dict)
    assert [(one["id"], one["state"]) for one in told["jobs"]] == [("10057000", "lost"), ("aa", "done")]
    assert main(["-p", str(root), "jobs", "list", "--running"]) == 0
    table = capsys.readouterr().out
    assert "10057000" in table
    assert "dataflow lapwing-a" in table
    assert "done " not in table.split("\n")[-1]


def test_one_is_shown_with_what_is_known_of_it_elsewhere(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(root / "none.json"))
    assert main(["-p", str(root), "jobs", "show", "100"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "job 10057000: lost, 2 of 9 partitions"
    assert "  at a.main: 3 of 9 parts read" in lines
    assert any("not known (Dataflow has no credentials. Looked for" in line for line in lines)


def test_one_that_is_not_there_or_has_ended(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-p", str(root), "jobs", "show", "zz"]) == 2
    assert "There is no job zz" in capsys.readouterr().err
    assert main(["-p", str(root), "jobs", "cancel", "aa"]) == 1
    assert "Job aa has ended: it is done." in capsys.readouterr().err


def test_a_lost_one_is_cancelled(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled: list[Remote] = []
    monkeypatch.setattr("lapwing.cache.builders.beam.dataflow_api.cancel", cancelled.append)
    assert main(["-p", str(root), "jobs", "cancel", "1005"]) == 0
    assert capsys.readouterr().out == "job 10057000: cancelled, 2 of 9 partitions\n"
    assert cancelled == [REMOTE]


def test_a_build_that_begins_nothing_elsewhere_takes_no_flags_of_dataflow(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-p", str(root), "build", "--builder", "beam", "--project", "p"]) == 2
    assert "--project is for the runner dataflow" in capsys.readouterr().err
    assert (
        main(["-p", str(root), "build", "--builder", "beam", "--runner", "dataflow", "--project", "p", "--json"]) == 2
    )
    (problem,) = json.loads(capsys.readouterr().err)["problems"]
    assert problem["message"] == "The runner dataflow needs region and temp_location."
    assert "--region, --temp-location" in problem["hint"]
