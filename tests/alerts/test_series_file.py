"""A series from a file: in order of time, with what was odd."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lapwing.alerts.series_file import read_series
from lapwing.model.problem import WrongUse


def written(folder: Path, text: str) -> Path:
    file = folder / "series.csv"
    file.write_text(text)
    return file


def test_rows_are_sorted_and_it_is_said(tmp_path: Path) -> None:
    file = written(tmp_path, "t,v\n2024-01-02,2\n2024-01-01,1\n2024-01-02,3\n2024-01-04,\n2024-01-05,inf\n")
    series = read_series(file, time="t", value="v")
    assert series.written == ["2024-01-01", "2024-01-02", "2024-01-02", "2024-01-04", "2024-01-05"]
    np.testing.assert_array_equal(series.values, [1, 2, 3, np.nan, np.inf])
    assert np.diff(series.times).tolist() == [86_400.0, 0.0, 172_800.0, 86_400.0]
    assert series.notes == (
        "1 row of 5 came after a later time: sorted by time, and written so.",
        "1 row of 5 repeats the time of another: each was judged by itself.",
        "1 value is infinite: taken as missing.",
        "2 rows of 5 have no value: not judged.",
    )


def test_a_changed_zone_is_no_trouble(tmp_path: Path) -> None:
    """An hour that is there twice on the clock is two hours."""
    rows = "2024-10-27T02:30+02:00,1\n2024-10-27T02:30+01:00,2\n2024-10-27T03:30+01:00,3\n"
    series = read_series(written(tmp_path, "t,v\n" + rows), time="t", value="v")
    assert np.diff(series.times).tolist() == [3600.0, 3600.0]
    assert series.notes == ()
    mixed = read_series(written(tmp_path, "t,v\n2024-10-27T02:30+02:00,1\n2024-10-27T02:30,2\n"), time="t", value="v")
    assert np.diff(mixed.times).tolist() == [7200.0]
    assert mixed.notes == ("Some times have a zone and some have none: those without were taken for UTC.",)


def test_ratios(tmp_path: Path) -> None:
    series = read_series(written(tmp_path, "t,n,d\n1,1,0\n0,NULL,3\n"), time="t", value="n", denominator="d")
    assert series.denominators is not None
    assert series.denominators.tolist() == [3.0, 0.0]
    assert series.notes[-1] == "There is no value at all: nothing was judged."


def test_as_spreadsheets_write_it(tmp_path: Path) -> None:
    """Blanks in the first line, decimals by a comma, the day first."""
    file = written(tmp_path, "t; v\n13.2.2024;1.234,5\n14.2.2024;0,5\n")
    series = read_series(file, time="t", value="v")
    assert series.values.tolist() == [1234.5, 0.5]
    assert np.diff(series.times).tolist() == [86_400.0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("t,v\n", "series.csv has no rows."),
        ("t,v\n2024-01-01,1\n1/2/2024,2\n", "row 2, t: '1/2/2024' is no time. Times are ISO 8601"),
        ("t,v\n,1\n", "row 1, t: '' is no time."),
        ('t,v\n1,"1,500"\n', "row 1, v: '1,500' is no number. Numbers are such as 1234.5. Which comma"),
    ],
)
def test_what_is_wrong_is_told_with_its_row(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(WrongUse) as caught:
        read_series(written(tmp_path, text), time="t", value="v")
    assert says in str(caught.value)
