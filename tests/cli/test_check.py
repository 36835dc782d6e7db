"""lapwing check."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Lapwing


def test_what_is_right_is_counted(lapwing: Lapwing, shop: Path) -> None:
    said = lapwing("-p", shop, "check")
    assert (said.code, said.text) == (
        0,
        "shop is right: 2 sources, 1 dataset, 4 metrics, 1 rollup, 0 monitors.\n",
    )
    assert lapwing("-p", shop, "check", "--json").json == {"ok": True, "problems": []}


def test_everything_wrong_is_told_at_once(lapwing: Lapwing, own_shop: Path) -> None:
    dataset = own_shop / "datasets" / "orders.yaml"
    text = (
        dataset.read_text()
        .replace("{sum: amount,", "{sum: amuont,")
        .replace("country: {column: towns.country}", "country: {column: towns.cuontry}")
    )
    dataset.write_text(text)
    said = lapwing("-p", own_shop, "check")
    assert said.code == 1
    assert "Did you mean amount?" in said.text
    assert "country" in said.text
    found = lapwing("-p", own_shop, "check", "--json")
    assert (found.code, found.json["ok"]) == (1, False)
    places = [problem["place"] for problem in found.json["problems"]]
    assert {place["line"] for place in places} >= {11, 14}
    assert all(place["file"].endswith("orders.yaml") for place in places)
