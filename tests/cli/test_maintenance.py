"""lapwing maintenance: made, listed, taken back, and what it does to incidents."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.alerts.shop import PROJECT, write_shop
from tests.cli.conftest import Lapwing

WRITTEN = """
maintenance:
  - {{name: Move, start: 2024-01-10T08:00, end: 2024-01-10T10:00, monitors: [failed_daily]}}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shop(tmp_path_factory.mktemp("maintenance"), now="2024-02-22T12:00", project=PROJECT + WRITTEN)


def raised(lapwing: Lapwing, shop: Path) -> set[str]:
    found = lapwing("-p", shop, "incidents", "list", "--json").json["incidents"]
    return {one["monitor"] for one in found if one["opened"] >= "2024-02-19"}


def test_a_window_from_its_making_to_its_end(lapwing: Lapwing, shop: Path) -> None:
    lapwing("-p", shop, "monitors", "replay")
    assert "failed_daily" in raised(lapwing, shop)
    stretch = ("--from", "2024-02-20T10:00", "--to", "2024-02-20T18:00", "--monitor", "failed_daily", "--as", "Ann")
    made = lapwing("-p", shop, "maintenance", "add", "Card provider", *stretch, "--json").json
    assert (made["name"], made["monitors"], made["who"]) == ("Card provider", ["failed_daily"], "Ann")
    assert made["start"] == "2024-02-20T10:00:00-05:00"
    assert "failed_daily" not in raised(lapwing, shop)
    listed = lapwing("-p", shop, "maintenance", "list", "--json").json["windows"]
    assert [(one["id"], one["name"]) for one in listed] == [(made["id"], "Card provider"), (None, "Move")]
    table = lapwing("-p", shop, "maintenance", "list").text
    assert "failed_daily" in table
    assert "lapwing.yaml" in table
    ended = lapwing("-p", shop, "maintenance", "end", made["id"], "--as", "Bo")
    assert ended.text == f"{made['id']}: taken back. What is in it is judged after all.\n"
    assert "failed_daily" in raised(lapwing, shop)
    again = lapwing("-p", shop, "maintenance", "end", made["id"])
    assert again.code == 1
    assert "Bo has removed the window already" in again.err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("add", "X", "--to", "2024-01-01", "--from", "2024-01-02"), 2, "ends before it starts"),
        (("add", "X", "--from", "now"), 2, "--to"),
        (("add", "X", "--to", "nw+2h"), 2, "'nw+2h' is not a time"),
        (("add", " ", "--to", "now+2h"), 2, "has a name"),
        (("add", "X", "--to", "now+2h", "--monitor", "failed_dayly"), 2, "failed_daily"),
        (("end", "999"), 2, "no maintenance window 999"),
        (("end", "x"), 2, "x"),
    ],
)
def test_mistakes_are_told(lapwing: Lapwing, shop: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    said = lapwing("-p", shop, "maintenance", *arguments)
    assert said.code == code
    assert says in said.err
