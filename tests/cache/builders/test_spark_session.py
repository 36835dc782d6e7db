"""Sessions of Spark: masters that can't be reached, other masters, and where a cluster on this machine listens."""

from __future__ import annotations

import os
import socket
import types
from pathlib import Path
from time import monotonic

import pytest

from lapwing.cache.builders.spark.masters import check_reachable, check_session
from lapwing.cache.builders.spark.session import _address_of_its_own, _for_workers
from lapwing.model.problem import LapwingError, Refused, SourceError


def problem(error: LapwingError) -> tuple[str, str]:
    (one,) = error.problems
    assert one.hint
    return one.code, one.message


def test_a_master_that_is_not_there_is_told_at_once_with_all_that_was_tried() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        port = taken.getsockname()[1]
        with pytest.raises(SourceError) as caught:
            check_reachable(f"spark://127.0.0.1:{port},localhost:{port}", 5)
    code, message = problem(caught.value)
    assert code == "spark-unreachable"
    assert f"127.0.0.1:{port}" in message
    assert f"localhost:{port}" in message


def test_a_name_that_does_not_resolve_is_told() -> None:
    with pytest.raises(SourceError) as caught:
        check_reachable("spark://no-such-host.invalid", 5)
    assert "no-such-host.invalid:7077" in problem(caught.value)[1]


def test_a_master_that_never_answers_is_told_in_time() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        held = [socket.socket() for _ in range(8)]  # so many that no further connection is taken
        for one in held:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        began = monotonic()
        with pytest.raises(SourceError):
            check_reachable(f"spark://127.0.0.1:{full.getsockname()[1]}", 0.5)
        assert monotonic() - began < 3
        for one in held:
            one.close()


def test_one_master_of_several_will_do() -> None:
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        there.listen()
        check_reachable(f"spark://127.0.0.1:1,127.0.0.1:{there.getsockname()[1]}", 5)


@pytest.mark.parametrize("master", ["local[*]", "local-cluster[2,1,1024]", "yarn", "k8s://https://host:443"])
def test_of_other_masters_nothing_is_looked_at(master: str) -> None:
    check_reachable(master, 0.01)


def test_a_session_of_another_master_is_not_taken_for_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark import SparkContext

    monkeypatch.setattr(SparkContext, "_active_spark_context", types.SimpleNamespace(master="local[2]"))
    check_session("local[2]")
    with pytest.raises(Refused) as caught:
        check_session("spark://cluster:7077")
    code, message = problem(caught.value)
    assert code == "spark-other-master"
    assert "at local[2], so none at spark://cluster:7077" in message


@pytest.mark.parametrize(
    ("local", "before", "meanwhile"), [(True, None, "127.0.0.1"), (True, "10.0.0.1", "10.0.0.1"), (False, None, None)]
)
def test_a_cluster_on_this_machine_has_the_loopback(
    local: bool, before: str | None, meanwhile: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPARK_LOCAL_IP", raising=False)
    if before is not None:
        monkeypatch.setenv("SPARK_LOCAL_IP", before)
    with _address_of_its_own(local):
        assert os.environ.get("SPARK_LOCAL_IP") == meanwhile
    assert os.environ.get("SPARK_LOCAL_IP") == before


def test_workers_find_the_emulator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BIGTABLE_EMULATOR_HOST", "127.0.0.1:8086")
    assert _for_workers() == {"spark.executorEnv.BIGTABLE_EMULATOR_HOST": "127.0.0.1:8086"}
    monkeypatch.delenv("BIGTABLE_EMULATOR_HOST")
    assert _for_workers() == {}
