"""lapwing why."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.alerts.shop import write_shop
from tests.cli.conftest import Lapwing


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shop(tmp_path_factory.mktemp("orders"))


DAY = ("why", "--metric", "failed", "--from", "2024-02-20", "--to", "2024-02-21")


def test_the_cause_in_words_and_as_data(lapwing: Lapwing, orders: Path) -> None:
    said = lapwing("-p", orders, *DAY)
    found = lapwing("-p", orders, *DAY, "--json").json
    assert said.code == 0
    assert found["says"] in said.text
    assert found["slice"] == {"region": "north"}
    assert found["events"][0]["name"] == "Card provider down"
    assert "Beside it: Card provider down" in said.text
    assert "Failed = Orders × Fail rate" in said.text
    assert found["at_stake"]["amount"] == pytest.approx(20 * (found["actual"] - found["expected"]))


def test_against_where_and_by(lapwing: Lapwing, orders: Path) -> None:
    more = ("--against", "2024-02-13", "2024-02-14", "--where", "region <> 'west'", "--by", "channel,region")
    found = lapwing("-p", orders, *DAY, *more, "--json").json
    assert [one["dimension"] for one in found["tables"]] == ["channel", "region"]
    assert found["before"] == [{"start": "2024-02-13T00:00:00-05:00", "end": "2024-02-14T00:00:00-05:00"}]
    assert {row["value"] for row in found["tables"][1]["rows"]} == {"north", "south"}


def test_wrong_use_is_told(lapwing: Lapwing, orders: Path) -> None:
    assert "Did you mean region" in lapwing("-p", orders, *DAY, "--by", "regoin").err
    backwards = ("why", "--metric", "failed", "--from", "2024-02-21", "--to", "2024-02-20")
    assert lapwing("-p", orders, *backwards).code == 2
    assert lapwing("-p", orders, "why", "--metric", "fail", "--from", "2024-02", "--to", "2024-03").code == 2
