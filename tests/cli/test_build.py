"""lapwing build."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Lapwing


def test_what_changed_is_built_and_the_rest_is_not(lapwing: Lapwing, own_shop: Path) -> None:
    first = lapwing("-p", own_shop, "build", "--json").json
    (rollup,) = first["rollups"]
    assert (rollup["rollup"], rollup["built"], rollup["unchanged"]) == ("orders.main", 3, 0)
    assert rollup["data_until"].startswith("2024-0")
    again = lapwing("-p", own_shop, "build", "orders.main", "--json").json["rollups"][0]
    assert (again["built"], again["unchanged"]) == (0, 3)
    part = lapwing("-p", own_shop, "build", "orders", "--full", "--to", "2024-01-15", "--json").json["rollups"][0]
    assert part["built"] == 1


def test_progress_goes_to_stderr(lapwing: Lapwing, own_shop: Path) -> None:
    said = lapwing("-p", own_shop, "build")
    assert said.text.splitlines()[0].startswith("orders.main: 3 built, 0 unchanged; ")
    assert len([line for line in said.err.splitlines() if " built, " in line]) == 3


def test_what_can_not_be_built(lapwing: Lapwing, shop: Path) -> None:
    for asked, says in (
        (("orders.mian",), "There is no rollup orders.mian. Did you mean orders.main"),
        (("--from", "2024-05", "--to", "2024-01"), "ends before it starts"),
        (("--from", "someday"), "'someday' is not a time."),
        (("--memory", "2"), "'2' is not an amount of memory; it has no unit."),
        (("--memory", "2GBs"), "such as 2GB"),
        (("--memory", "50MB"), "50 MB is too little to build: 325MB is the least."),
        (("--builder", "sparc"), "choose from 'duckdb', 'source', 'beam'"),
        (("--runner", "prism"), "--runner is for the builder beam. Add --builder beam."),
        (("--builder", "beam", "--job-endpoint", "h:1"), "The runner direct has no job endpoint."),
        (("--builder", "beam", "--runner", "flink"), "needs the address of Flink's job server"),
        (("--builder", "beam", "--beam-option", "workers"), "'workers' is not NAME=VALUE"),
        (("--builder", "beam", "--beam-option", "direct_num_worker=2"), "Did you mean direct_num_workers"),
    ):
        said = lapwing("-p", shop, "build", *asked)
        assert (said.code, said.out) == (2, b"")
        assert says in said.err


def test_beam_builds_and_tells_how_far_it_is(lapwing: Lapwing, shop: Path) -> None:
    said = lapwing("-p", shop, "build", "--builder", "beam", "--workers", "1", "--full")
    assert said.code == 0, said.err
    assert "working, looking for the parts of its rows" in said.err
    assert "orders.main: " in said.text
