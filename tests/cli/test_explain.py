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


def small(day: str = "2024-01-{:02}", number: str = "{}", separator: str = ",") -> str:
    """Ten days of twelve leaves, each of about 100; on the last one of them has 10. Costs are measured, too."""
    random, lines = np.random.default_rng(2), [separator.join(("day", "country", "kind", "n", "cost"))]
    for at, country, kind in product(range(1, 11), ("dk", "no", ""), "abcd"):
        count = 10 if (at, country, kind) == (10, "no", "b") else int(random.integers(90, 110))
        cost = number.format(random.integers(1, 99) / 10).replace(".", "," if separator == ";" else ".")
        lines.append(separator.join((day.format(at), country, kind, str(count), cost)))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (small(), "2024-01-10"),
        ("\ufeff" + small(separator=";").replace("\n", "\r\n"), "2024-01-10"),
        (small("{:02}.01.2024", separator=";"), "10.01.2024"),
        (small("{:02}.01.2024"), "2024-01-10"),
        (small('"Jan {}, 2024"'), "2024-01-10"),
        (small("2024-01-{:02}T02:00+02:00"), "2024-01-10"),
        (small("1/{}/2024").replace("1/1/", "12/31/"), "1/10/2024"),
        (
            "day,country,kind,n,cost\n" + "".join(sorted(small().splitlines(keepends=True)[1:], reverse=True)),
            "2024-01-10",
        ),
        (small() + small().partition("\n")[2], "2024-01-10"),
    ],
    ids=["plain", "semicolons", "german", "dots", "names", "zone", "american", "unsorted", "twice"],
)
def test_files_of_all_kinds_have_the_same_cause(lapwing: Lapwing, tmp_path: Path, text: str, at: str) -> None:
    """Few leaves, of which one fell by far: no permutation tells, its size does. What is measured is no dimension."""
    file = tmp_path / "file.csv"
    file.write_text(text, newline="")
    said = lapwing("explain", file, "--time", "day", "--value", "n", "--at", at, "--json", "--top", 1)
    assert said.code == 0, said.err
    assert said.json["clear"]
    (cause,) = said.json["causes"]
    assert cause["slice"] == {"country": "no", "kind": "b"}
    assert cause["p"] < 0.01
    assert "cost is a number that differs from moment to moment: left out." in said.err


def test_numbers_may_have_separators(lapwing: Lapwing, tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    for last, others, actual in (
        ("1.234,5", "2.000", 3234.5),
        ('"1,234.5"', '"2,000"', 3234.5),
        ("1'234", "2'000", 3234),
    ):
        rows = [f"{day};{where};{n}" for day in (1, 2) for where, n in (("a", last), ("b", others))]
        file.write_text("\n".join(["day;where;n", *rows]))
        said = lapwing("explain", file, "--time", "day", "--value", "n", "--at", 2, "--json")
        assert said.json["actual"] == actual


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
        (("--at", "2024-03-05T12:00", "--value", "sold"), "The nearest moment is 2024-03-05."),
        (("--at", "2023-03-05", "--value", "sold"), "The nearest moment is 2024-03-01."),
    ):
        said = lapwing("explain", shop_days, "--time", "day", *arguments)
        assert (said.code, said.out) == (2, b"")
        assert says in said.err
