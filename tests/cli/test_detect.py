"""lapwing detect."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import Lapwing, Said

HEADER = ["time", "value", "expected", "lower", "upper", "score", "anomaly"]


def rows(said: Said) -> list[dict[str, str]]:
    assert said.code == 0
    return list(csv.DictReader(io.StringIO(said.text)))


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """An hourly series with one spike at row 700."""
    values = 50 + np.random.default_rng(2).normal(0, 2, 800)
    values[700] = 500
    lines = [f"{1_700_000_000 + 3600 * at},{value:.3f}" for at, value in enumerate(values)]
    file = tmp_path / "series.csv"
    file.write_text("\n".join(["when,amount", *lines]) + "\n")
    return file


def test_every_row_is_judged(lapwing: Lapwing, series: Path) -> None:
    said = lapwing("detect", series, "--time", "when", "--value", "amount")
    found = rows(said)
    assert list(found[0]) == HEADER
    assert len(found) == 800
    assert said.err == ""
    assert [at for at, row in enumerate(found) if row["anomaly"] == "1"] == [700]
    spike = found[700]
    assert (spike["time"], float(spike["value"])) == (str(1_700_000_000 + 3600 * 700), 500.0)
    assert 0.5 <= float(spike["score"]) < 1
    assert float(spike["lower"]) < float(spike["expected"]) < float(spike["upper"]) < 500
    assert found[0]["lower"] == "", "nothing is known at first"


def test_a_prefix_of_the_file_gives_the_prefix(lapwing: Lapwing, series: Path, tmp_path: Path) -> None:
    whole = lapwing("detect", series, "--time", "when", "--value", "amount").out
    part = tmp_path / "part.csv"
    for cut in (1, 2, 151, 701, 702):
        part.write_text("".join(series.read_text().splitlines(keepends=True)[: cut + 1]))
        said = lapwing("detect", part, "--time", "when", "--value", "amount")
        assert said.code == 0
        assert whole.startswith(said.out)
        assert len(rows(said)) == cut


def test_files_and_formats(lapwing: Lapwing, series: Path, tmp_path: Path) -> None:
    asked = ("detect", series, "--time", "when", "--value", "amount")
    out = tmp_path / "out.txt"
    said = lapwing(*asked, "--out", out)
    assert (said.code, said.out) == (0, b"")
    assert out.read_bytes() == lapwing(*asked).out
    found = lapwing(*asked, "--json").json
    assert list(found[0]) == HEADER
    assert found[700]["anomaly"] == 1
    assert lapwing(*asked, "--out", tmp_path / "out.json").code == 0
    assert (tmp_path / "out.json").read_bytes() == lapwing(*asked, "--format", "json").out
    assert lapwing(*asked, "--out", tmp_path / "none" / "out.csv").code == 1
    before = series.read_bytes()
    said = lapwing(*asked, "--out", tmp_path / "." / series.name)
    assert (said.code, series.read_bytes()) == (2, before)
    assert "is the file that is read. Name another file: this one would be lost." in said.err


def test_shuffled_rows_are_sorted_and_said(lapwing: Lapwing, series: Path, tmp_path: Path) -> None:
    first, *lines = series.read_text().splitlines()
    shuffled = tmp_path / "shuffled.csv"
    shuffled.write_text("\n".join([first, *np.random.default_rng(1).permutation(lines).tolist()]))
    said = lapwing("detect", shuffled, "--time", "when", "--value", "amount")
    assert said.out == lapwing("detect", series, "--time", "when", "--value", "amount").out
    assert "came after a later time: sorted by time" in said.err


def test_a_ratio(lapwing: Lapwing, tmp_path: Path) -> None:
    file = tmp_path / "ratio.csv"
    file.write_text("day,clicks,views\n2024-01-01,1,4\n2024-01-02,0,0\n2024-01-03,3,4\n")
    said = lapwing("detect", file, "--time", "day", "--numerator", "clicks", "--denominator", "views")
    assert [row["value"] for row in rows(said)] == ["0.25", "", "0.75"]
    assert said.err.splitlines() == [
        "1 row of 3 has no value: not judged.",
        "Too few values: the first 150 are not judged, or at long steps fewer: 20 days.",
    ]


@pytest.mark.parametrize(
    ("values", "judged"),
    [
        ([""] * 5, 0),
        (["7"], 1),
        (["1e308", "-1e308"] * 200, 400),
        (["-5"] * 400, 400),
        (["5e-324", "0"] * 200, 400),
    ],
)
def test_odd_series_are_judged_as_well_as_can_be(
    lapwing: Lapwing, tmp_path: Path, values: list[str], judged: int
) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("t,v\n" + "".join(f"{at},{value}\n" for at, value in enumerate(values)))
    found = rows(lapwing("detect", file, "--time", "t", "--value", "v"))
    assert len(found) == len(values)
    assert sum(row["value"] != "" for row in found) == judged
    assert {row["anomaly"] for row in found} == {"0"}


def test_wrong_use_is_told(lapwing: Lapwing, series: Path) -> None:
    for arguments, says in (
        (("--value", "amout"), "series.csv has no column amout. Did you mean amount?"),
        (("--numerator", "amount"), "Give --value COL, or --numerator COL and --denominator COL."),
        (("--value", "amount", "--denominator", "amount"), "A series is one column or a ratio of two."),
        ((), "A series is one column or a ratio of two."),
    ):
        said = lapwing("detect", series, "--time", "when", *arguments)
        assert (said.code, said.out) == (2, b"")
        assert says in said.err
    assert lapwing("detect", series, "--value", "amount").code == 2
    said = lapwing("detect", "nothing.csv", "--time", "t", "--value", "v", "--json")
    assert (said.code, '"code": "unreadable-file"' in said.err) == (2, True)
