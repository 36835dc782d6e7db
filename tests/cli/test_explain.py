"""lapwing explain."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import Lapwing

RATIO = ("--numerator", "sold", "--denominator", "visits")


@pytest.fixture
def shop_days(tmp_path: Path) -> Path:
    """Ten days of visits and sales; on the last, phones in Norway sell a quarter of what they did."""
    random, lines = np.random.default_rng(4), ["day,country,device,browser,visits,sold"]
    for day, where, device, browser in product(range(1, 11), ("dk", "no", "se", ""), ("phone", "desk", "tv"), "xyz"):
        visits = int(random.integers(800, 1200))
        rate = 0.05 if (day, where, device) == (10, "no", "phone") else 0.2
        lines.append(f"2024-03-{day:02},{where},{device},{browser},{visits},{random.binomial(visits, rate)}")
    file = tmp_path / "days.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def test_the_cause_comes_first(lapwing: Lapwing, shop_days: Path) -> None:
    asked = ("explain", shop_days, "--time", "day", *RATIO, "--at", "2024-03-10")
    said = lapwing(*asked, "--json")
    assert said.code == 0
    found = said.json
    assert found["clear"]
    assert found["causes"][0]["slice"] == {"country": "no", "device": "phone"}
    assert found["causes"][0]["p"] <= 0.05
    assert 0.8 < found["causes"][0]["share"] < 1.2
    assert len(found["causes"]) == 5
    assert found["rate"] + found["mix"] == pytest.approx(found["actual"] - found["expected"])
    text = lapwing(*asked, "--top", 2).text
    assert text.startswith("sold / visits at 2024-03-10 was 0.18")
    assert "The cause is clear:\n  country no, device phone: " in text


def test_amounts_and_the_other_side_of_a_share(lapwing: Lapwing, shop_days: Path, tmp_path: Path) -> None:
    asked = ("--time", "day", "--at", "1710028800", "--json")
    found = lapwing("explain", shop_days, *asked, "--value", "sold", "--dimensions", "device,country").json
    assert found["causes"][0]["slice"] == {"country": "no", "device": "phone"}
    assert found["rate"] is None
    first, *lines = shop_days.read_text().splitlines()
    rows = [line.split(",") for line in lines]
    unsold = tmp_path / "unsold.csv"
    unsold.write_text("\n".join([first, *(",".join([*row[:5], str(int(row[4]) - int(row[5]))]) for row in rows)]))
    other = lapwing("explain", unsold, *asked, *RATIO).json
    same = lapwing("explain", shop_days, *asked, *RATIO).json
    assert [one["slice"] for one in other["causes"]] == [one["slice"] for one in same["causes"]]
    assert other["actual"] == pytest.approx(1 - same["actual"])
    assert other["rate"] == pytest.approx(-same["rate"])


def test_a_usual_day_has_no_clear_cause(lapwing: Lapwing, shop_days: Path) -> None:
    said = lapwing("explain", shop_days, "--time", "day", *RATIO, "--at", "2024-03-08")
    assert said.code == 0
    assert "There is no clear cause" in said.text


def test_later_rows_change_nothing(lapwing: Lapwing, shop_days: Path, tmp_path: Path) -> None:
    part = tmp_path / "part.csv"
    part.write_text("".join(shop_days.read_text().splitlines(keepends=True)[: 1 + 8 * 36]))
    asked = ("--time", "day", *RATIO, "--at", "2024-03-08", "--json")
    assert lapwing("explain", part, *asked).out == lapwing("explain", shop_days, *asked).out


def test_wrong_use_is_told(lapwing: Lapwing, shop_days: Path) -> None:
    at = ("--at", "2024-03-10")
    for arguments, says in (
        ((*at, "--value", "solt"), "days.csv has no column solt. Did you mean sold?"),
        ((*at, "--numerator", "sold"), "Give --value COL, or --numerator COL and --denominator COL."),
        ((*at, "--value", "sold", "--top", "0"), "--top 0 leaves nothing to tell."),
        ((*at, "--value", "sold", "--dimensions", ","), "--dimensions names no column."),
        (("--at", "2024-03-11", "--value", "sold"), "The nearest moment is 2024-03-10."),
        (("--at", "2024-03-01", "--value", "sold"), "The first moment that has some is 2024-03-02."),
    ):
        said = lapwing("explain", shop_days, "--time", "day", *arguments)
        assert (said.code, said.out) == (2, b"")
        assert says in said.err
