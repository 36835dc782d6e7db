"""lapwing init: what it writes runs at once."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Lapwing
from tests.shop import ORDERS


def test_the_next_commands_work(lapwing: Lapwing, shop: Path, tmp_path: Path) -> None:
    project = tmp_path / "made"
    said = lapwing("init", project, "--from", shop / "data", "--json")
    assert said.code == 0
    assert {Path(file).name for file in said.json["files"]} >= {"lapwing.yaml", "orders.yaml"}
    assert lapwing("-p", project, "check").code == 0
    assert lapwing("-p", project, "build", "--json").code == 0
    answer = lapwing("-p", project, "query", "--metrics", said.json["metric"], "--json").json
    assert answer["rows"] == [{said.json["metric"].rpartition(".")[2]: ORDERS}]
    assert answer["receipt"]["pieces"][0]["by"] == "rollup"


def test_what_can_not_be_begun(lapwing: Lapwing, shop: Path, tmp_path: Path) -> None:
    again = lapwing("init", shop, "--from", shop / "places.db")
    assert (again.code, "holds a lapwing.yaml already" in again.err) == (1, True)
    missing = lapwing("init", tmp_path / "new", "--from", tmp_path / "orders.csv")
    assert (missing.code, "There is no file or folder" in missing.err) == (2, True)
    far = lapwing("init", tmp_path / "new", "--from", "postgresql://reader:hidden-word@127.0.0.1:1/shop")
    assert (far.code, "does not answer" in far.err, "hidden-word" in far.err) == (1, True, False)
    assert not (tmp_path / "new").exists()
    assert lapwing("init", tmp_path / "new").code == 2
