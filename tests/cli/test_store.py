"""lapwing store: made ready, shown, estimated."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.cache.project import opened, row, write_project, write_rows

from lapwing.cache.runs import Run, Why
from lapwing.cli.main import main
from lapwing.query.footprint import NODE_BYTES, NODE_READS, USED, nodes_for
from lapwing.query.hot import TABLET_WRITES, HotRange, advice, advice_on_writes


@pytest.fixture(name="trips")
def _trips(tmp_path: Path) -> Path:
    write_project(tmp_path)
    first = datetime.fromisoformat("2013-01-02T00:00")
    shops = ["a", "b", "c", None]
    write_rows(tmp_path, "2013-01", [row(first + timedelta(minutes=7 * i), shops[i % 4]) for i in range(4000)])
    return tmp_path


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> object:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_init_makes_the_folder_once(trips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for dry, state in ((True, "missing"), (False, "made"), (False, "there")):
        told = asked(capsys, "-p", str(trips), "store", "init", *(["--dry-run"] if dry else []))
        assert isinstance(told, dict)
        assert [step["state"] for step in told["steps"]] == [state]
    assert (trips / ".lapwing" / "store" / "data.mdb").exists()


@pytest.mark.parametrize("nodes", ["0", "x", "5:2", "1:"])
def test_nodes_that_make_no_sense(trips: Path, nodes: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["-p", str(trips), "store", "init", "--nodes", nodes])
    assert code == (0 if nodes == "1:" else 2)
    capsys.readouterr()


def test_an_estimate_comes_near_what_is_then_built(trips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = asked(capsys, "-p", str(trips), "store", "estimate")
    with opened(trips) as (_, cache):
        cache.build().checked()
        built = {one.name: one for one in cache.status(check=False)}
    after = asked(capsys, "-p", str(trips), "store", "estimate")
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    for reckoned, measured in zip(before["rollups"], after["rollups"], strict=True):
        one = built[reckoned["rollup"]]
        assert (reckoned["measured"], measured["measured"]) == (False, True)
        assert reckoned["cells"] == one.cells
        assert reckoned["rows"] == pytest.approx(one.keys, abs=5)
        assert one.bytes / 2 < reckoned["bytes"] < 2 * one.bytes
        assert measured["bytes"] >= one.bytes


def test_show_tells_what_is_there(trips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(trips) as (_, cache):
        cache.build().checked()
    told = asked(capsys, "-p", str(trips), "store", "show")
    assert isinstance(told, dict)
    assert told["store"] == "lmdb"
    assert {"trips.main", "trips.by_shop", "trips.total"} <= {one["rollup"] for one in told["rollups"]}
    assert all(one["bytes"] > 0 for one in told["rollups"])
    assert main(["-p", str(trips), "store", "show"]) == 0
    assert "trips.main" in capsys.readouterr().out


def test_nodes_are_enough_for_what_is_kept_and_asked() -> None:
    assert nodes_for(0, 0, 0).wanted == 1
    assert nodes_for(int(2.5 * NODE_BYTES * USED), 1, 1).storage == 3
    reads = nodes_for(0, 1000, 30)
    assert (reads.reading - 1) * NODE_READS * USED < 33_000 <= reads.reading * NODE_READS * USED


def test_hot_tells_what_holds_and_serves_most(trips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-p", str(trips), "build"]) == 0
    capsys.readouterr()
    for _ in range(60):
        asked(capsys, "-p", str(trips), "query", "--metrics", "money", "--where", "shop = 'b'", "--by", "size,far")
    told = asked(capsys, "-p", str(trips), "store", "hot", "trips.main", "--top", "3")
    assert isinstance(told, dict)
    first = told["ranges"][0]
    assert (first["rollup"], first["dimension"], first["value"]) == ("trips.main", "shop", "b")
    assert first["of_reads"] > 0.5
    assert sum(one["of_bytes"] for one in told["ranges"]) <= 1.001
    assert "No range was read faster" in told["advice"][0]
    assert main(["-p", str(trips), "store", "hot"]) == 0
    assert "shop = b" in capsys.readouterr().out
    assert main(["-p", str(trips), "store", "hot", "trips.mian"]) == 2
    assert "trips.main" in capsys.readouterr().err


def range_of(**given: object) -> HotRange:
    usual = {"rollup": "ads.main", "dimension": "shop", "value": "a", "keys": 100, "bytes": 1, "peak": 50_000.0}
    shares = {"of_keys": 0.5, "of_bytes": 0.5, "of_reads": 0.9}
    return HotRange(**{**usual, **shares, **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "A coarser rollup"),
        ({"of_reads": 0.2}, "Bigtable cuts it into tablets within minutes"),
        ({"dimension": None, "value": None}, "can't be cut"),
        ({"keys": 1}, "can't be cut"),
    ],
)
def test_a_range_read_faster_than_a_tablet_serves_is_told_with_what_helps(given: dict[str, object], says: str) -> None:
    found = range_of(**given)
    told = list(advice([range_of(peak=10.0), found]))
    assert f"{found.name} was read at 50,000 rows a second" in told[0]
    assert says in told[1]
    assert len(told) == 2


def run_of(rollup: str, size: int, seconds: float, built: int = 1) -> Run:
    return Run(
        rollup=rollup, why=Why.ASKED, began=0, seconds=seconds, whole=True, by="me", built=built, bytes=size, causes={}
    )


def test_a_rollup_written_faster_than_a_tablet_takes_is_told_once() -> None:
    slow, fast = round(TABLET_WRITES * 0.9), round(TABLET_WRITES * 5)
    runs = [
        run_of("a.slow", slow, 1),
        run_of("a.fast", fast, 1),
        run_of("a.fast", 2 * fast, 1),
        run_of("a.none", fast, 1, 0),
    ]
    (told,) = advice_on_writes(runs)
    assert told.startswith("a.fast was written at 84 MB a second")
    assert "Shorter partitions" in told
