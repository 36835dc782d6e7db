"""The same project in several homes."""

from __future__ import annotations

from pathlib import Path

import pytest

from lapwing.model.load import check_files, load
from lapwing.model.problem import ModelError

PROJECT = """\
name: ads
sources:
  ads: {type: files, path: data}
  crm: {type: sqlite, path: crm.db}
history: {versions: 5}
environments:
  cloud:
    sources:
      ads: {type: postgres, dsn: "${ADS_DSN}"}
      logs: {type: files, path: logs}
    store: {type: bigtable, instance: "projects/${GCP}/instances/metrics"}
    state: cloud.db
  bare: {}
"""
CLOUD = {"LAPWING_ENVIRONMENT": "cloud", "ADS_DSN": "postgresql://ads@db/ads", "GCP": "acme"}


def _written(tmp_path: Path, text: str = PROJECT) -> Path:
    (tmp_path / "lapwing.yaml").write_text(text)
    return tmp_path


def test_what_an_environment_does_not_say_is_as_it_was(tmp_path: Path) -> None:
    project = load(_written(tmp_path), CLOUD)
    assert {name: source.type for name, source in project.sources.items()} == {
        "ads": "postgres",
        "crm": "sqlite",
        "logs": "files",
    }
    assert project.sources["ads"].dsn == "postgresql://ads@db/ads"
    assert (project.store.type, project.store.instance) == ("bigtable", "projects/acme/instances/metrics")
    assert project.state_path.name == "cloud.db"
    assert project.history.versions == 5


def test_without_one_its_variables_are_not_wanted(tmp_path: Path) -> None:
    root = _written(tmp_path)
    for environ in ({}, {"LAPWING_ENVIRONMENT": "bare"}):
        project = load(root, environ)
        assert set(project.sources) == {"ads", "crm"}
        assert (project.store.type, project.state_path.name) == ("lmdb", "state.db")


def test_the_clock_of_an_environment_may_go_on(tmp_path: Path) -> None:
    root = _written(tmp_path, PROJECT.replace("  bare: {}", "  live: {now: null}") + "now: 2026-04-01T08:00\n")
    assert load(root, {}).now is not None
    assert load(root, {"LAPWING_ENVIRONMENT": "live"}).now is None


def test_an_unknown_one_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as told:
        load(_written(tmp_path), {**CLOUD, "LAPWING_ENVIRONMENT": "clowd"})
    (problem,) = told.value.problems
    assert (problem.code, problem.nearest) == ("unknown-environment", ("cloud",))
    assert problem.place is not None
    assert problem.place.line == 6


def test_mistakes_are_told_once_where_they_are_written(tmp_path: Path) -> None:
    root = _written(tmp_path, PROJECT.replace("{type: files, path: logs}", "{type: files, paht: logs}"))
    for environ in (CLOUD, {}):
        problems = check_files(root, environ)[1]
        assert [(one.code, one.place.line if one.place else 0, one.nearest) for one in problems] == [
            ("unknown-key", 10, ("path",))
        ]
    root = _written(tmp_path, PROJECT)
    (unset,) = check_files(root, {"LAPWING_ENVIRONMENT": "cloud", "GCP": "acme"})[1]
    assert (unset.code, unset.place.line if unset.place else 0) == ("unset-variable", 9)


def test_secrets_in_plain_are_found_in_each(tmp_path: Path) -> None:
    root = _written(tmp_path, PROJECT.replace("${ADS_DSN}", "postgresql://me:geheim@db/ads"))
    (problem,) = check_files(root, {})[1]
    assert problem.code == "plain-secret"
    assert "ADS_DSN" in (problem.hint or "")
    assert "geheim" not in str(problem)
