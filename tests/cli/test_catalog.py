"""lapwing catalog."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Lapwing


def test_everything_is_listed(lapwing: Lapwing, shop: Path) -> None:
    text = lapwing("-p", shop, "catalog").text
    assert "  files   files, 1 table\n" in text
    assert "files.orders" in text
    assert "orders.return_rate" in text
    assert "orders.main  hour by shop, town, country; data until 2024-0" in text
    found = lapwing("-p", shop, "catalog", "--json").json
    assert {kind: len(found[kind]) for kind in found} == {
        "sources": 2, "tables": 2, "datasets": 1, "metrics": 4, "rollups": 1,
    }  # fmt: skip


def test_one_thing_is_told_whole(lapwing: Lapwing, shop: Path) -> None:
    assert "text: returned / orders" in lapwing("-p", shop, "catalog", "return_rate").text
    table = lapwing("-p", shop, "catalog", "places.towns", "--json").json
    assert table["is"] == "table"
    assert [column["name"] for column in table["columns"]] == ["town", "country"]


def test_an_unknown_name_is_told_the_nearest(lapwing: Lapwing, shop: Path) -> None:
    said = lapwing("-p", shop, "catalog", "retrun_rate")
    assert (said.code, said.out) == (2, b"")
    assert "shop has no retrun_rate. Did you mean return_rate" in said.err
