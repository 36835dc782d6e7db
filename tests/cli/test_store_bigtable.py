"""lapwing store, of a project whose rollups are in Bigtable: the emulator's table, with tablets, ranges and settings."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.cloud.bigtable_admin_v2.types import AppProfile
from google.cloud.bigtable_v2.types import MutateRowsRequest
from tests.cache.project import PROJECT, row, write_project, write_rows
from tests.cache.test_build import moment
from tests.services.bigtable import Bigtable
from tests.services.bigtable_admin_double import instance_admin
from tests.services.bigtable_proxy import Call, Refused, bigtable_proxy

from lapwing.cache.keys import rollup_prefix, values_prefix
from lapwing.cache.stores.bigtable_table import ROWS
from lapwing.cli.main import main

INSTANCE = "projects/acme/instances/metrics"


@pytest.fixture(name="root")
def _root(tmp_path: Path, bigtable_server: Bigtable, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BIGTABLE_EMULATOR_HOST", bigtable_server.address)
    kept = f"{{type: bigtable, instance: {INSTANCE}, table: t{uuid.uuid4().hex[:12]}, writes: {{batch_rows: 100}}}}"
    write_project(tmp_path, project=PROJECT.replace("{type: lmdb, path: .lapwing/store}", kept))
    for month in (1, 2, 3):
        write_rows(tmp_path, str(month), [row(moment(month, day), "abü"[day % 3], day) for day in range(1, 28)])
    return tmp_path


def asked(capsys: pytest.CaptureFixture[str], root: Path, *arguments: str, code: int = 0) -> Any:
    assert main(["-p", str(root), *arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_the_way_of_a_table(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dry = asked(capsys, root, "store", "init", "--dry-run")
    assert [(one["what"], one["state"]) for one in dry["steps"]] == [("instance", "unknown"), ("table", "missing")]
    made = asked(capsys, root, "store", "init")
    assert made["steps"][-1]["says"] == "With column family r, cut at 12 keys."
    assert main(["-p", str(root), "build"]) == 0
    capsys.readouterr()
    asked(capsys, root, "query", "--metrics", "money", "--by", "shop,size")
    told = asked(capsys, root, "store", "show")
    assert told["store"].startswith(f"bigtable {INSTANCE}/tables/t")
    assert sum(one["share"] for one in told["rollups"]) == pytest.approx(1)
    assert told["tablets"][-1]["ends_at"] == "the end"
    names = {one["rollup"] for one in told["rollups"]}
    assert names <= {name for one in told["tablets"] for name in one["rollups"]}
    assert {one["in"] for one in told["wanted"]} >= {"trips.main", "trips.main (index)", "trips.total"}
    assert main(["-p", str(root), "store", "show"]) == 0
    assert "A new table would be cut at 12 keys, of which" in capsys.readouterr().out
    hot = asked(capsys, root, "store", "hot", "--top", "1000")
    shops = {one["value"] for one in hot["ranges"] if one["rollup"] == "trips.main"}
    assert shops == {"a", "b", "ü"}
    assert sum(one["of_keys"] for one in hot["ranges"]) == pytest.approx(1)


def test_from_a_home_that_is_read_only_nothing_is_built(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-p", str(root), "build"]) == 0
    capsys.readouterr()
    file = root / "lapwing.yaml"
    file.write_text(file.read_text().replace("writes: {batch_rows: 100}", "read_only: true"))
    answer = asked(capsys, root, "query", "--metrics", "money", "--by", "shop")
    assert answer["receipt"]["pieces"][0]["by"] == "rollup"
    write_rows(root, "more", [row(moment(3, 20))])
    assert main(["-p", str(root), "build"]) == 1
    said = capsys.readouterr()
    assert "it is set to read_only" in said.err + said.out
    assert "Traceback" not in said.err


def test_a_profile_that_routes_anywhere_answers_and_builds_nothing(
    root: Path, bigtable_server: Bigtable, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-p", str(root), "build"]) == 0
    file = root / "lapwing.yaml"
    file.write_text(file.read_text().replace("writes: {batch_rows: 100}", "app_profile: answers"))
    write_rows(root, "more", [row(moment(2, 20))])
    with instance_admin() as cloud, bigtable_proxy(bigtable_server.address, cloud) as proxy:
        monkeypatch.setenv("BIGTABLE_EMULATOR_HOST", proxy.address)
        name = f"{INSTANCE}/appProfiles/answers"
        cloud.profiles[name] = AppProfile(name=name, multi_cluster_routing_use_any={})
        capsys.readouterr()
        answer = asked(capsys, root, "query", "--metrics", "money", "--by", "shop")
        assert answer["receipt"]["pieces"][0]["by"] == "rollup"
        assert main(["-p", str(root), "build"]) == 1
        said = capsys.readouterr()
        assert "The app profile answers can't be used for building: it routes to any cluster" in said.err + said.out
        assert "Traceback" not in said.err
        assert not [one for one in proxy.calls if one.method in ("MutateRow", "MutateRows", "CheckAndMutateRow")]


def test_where_the_profile_can_not_be_seen_a_build_ends_before_it_has_written_a_chunk(
    root: Path, bigtable_server: Bigtable, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(call: Call) -> None:
        if call.method == "CheckAndMutateRow":
            raise Refused(
                grpc.StatusCode.FAILED_PRECONDITION, "Single-row transactions are not allowed by this app profile"
            )

    with bigtable_proxy(bigtable_server.address) as proxy:
        monkeypatch.setenv("BIGTABLE_EMULATOR_HOST", proxy.address)
        proxy.before = refuse
        assert main(["-p", str(root), "build"]) == 1
        said = capsys.readouterr()
        assert (
            "The app profile can't be used for building: Single-row transactions are not allowed" in said.err + said.out
        )
        assert "Traceback" not in said.err
        chunks = (ROWS + rollup_prefix(bytes(8))[:-8], ROWS + values_prefix(bytes(8))[:-8])
        written = [
            entry.row_key
            for one in proxy.of("MutateRows")
            for entry in MutateRowsRequest.deserialize(one.request).entries
        ]
        assert not [key for key in written if key.startswith(chunks)]
