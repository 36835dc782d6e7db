"""Leaves over moments, from files of all kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lapwing.alerts.history_file import Columns, read_history
from lapwing.model.problem import WrongUse

COLUMNS = Columns(time="day", value="n")
RATIO = Columns(time="day", value="n", denominator="country")


def written(folder: Path, *lines: str, header: str = "day,n,country,kind") -> Path:
    file = folder / "file.csv"
    file.write_text("\n".join([header, *lines]) + "\n")
    return file


def test_rows_become_leaves_whatever_their_order(tmp_path: Path) -> None:
    lines = ["2024-01-02,3,se,a", "2024-01-01,1,se,a", "2024-01-02,4,no,a", "2024-01-02,5,se,a", "2024-01-03,9,dk,b"]
    history, notes = read_history(written(tmp_path, *lines), COLUMNS, "2024-01-02")
    again, _ = read_history(written(tmp_path, *lines[::-1]), COLUMNS, "1704153600")
    assert history.moments == ("2024-01-01", "2024-01-02")
    assert history.values == (("no", "se"), ("a",))
    assert history.amounts.tolist() == [[0, 4], [1, 8]]
    np.testing.assert_array_equal(history.amounts, again.amounts)
    np.testing.assert_array_equal(history.codes, again.codes)
    assert notes == ("kind has one value only: no use to split by.",)


def test_nulls_are_a_value_and_missing_amounts_are_0(tmp_path: Path) -> None:
    file = written(tmp_path, "2024-01-01,1,,a", "2024-01-02,,,a", "2024-01-02,7,null,b")
    history, notes = read_history(file, COLUMNS, "2024-01-02")
    assert history.values[0] == ("null", None)
    assert history.amounts[:, -1].tolist() == [7, 0]
    assert notes == ("1 row without a n: taken as 0.",)


def test_identifiers_are_left_out_unless_named(tmp_path: Path) -> None:
    lines = [f"2024-01-0{1 + row % 2},1,c{row % 3},k{row}" for row in range(2200)]
    file = written(tmp_path, *lines)
    history, notes = read_history(file, COLUMNS, "2024-01-02")
    assert history.dimensions == ("country",)
    assert notes == ("kind has 2200 values: left out. --dimensions takes it in.",)
    history, _ = read_history(file, Columns(time="day", value="n", dimensions=("kind",)), "2024-01-02")
    assert len(history.values[0]) == 2200


def test_a_ratio_may_be_above_one(tmp_path: Path) -> None:
    file = written(tmp_path, "2024-01-01,9,2,a", "2024-01-02,1,2,b")
    _, notes = read_history(file, Columns(time="day", value="n", denominator="country"), "2024-01-02")
    assert notes == ("1 row with more n than country: taken as amounts per unit.",)


@pytest.mark.parametrize(
    ("lines", "columns", "at", "says"),
    [
        (["2024-01-01,1,a,b"], COLUMNS, "soon", "'soon' is no time. Give it as the file has it"),
        (["2024-01-01,1,a,b"], COLUMNS, "2024-01-05", "no rows at 2024-01-05. The nearest moment is 2024-01-01."),
        (["2024-01-01,1,a,b", "2024-01-02,1,a,b"], COLUMNS, "2024-01-01", "The first moment that has some is 2024-01-02."),
        ([], COLUMNS, "2024-01-01", "file.csv has no rows."),
        (["2024-01-01,-1,9,b", "2024-01-02,1,9,c"], RATIO, "2024-01-02", "row 1, n: -1 is negative."),
        (["2024-01-01,x,a,b", "2024-01-02,1,a,c"], COLUMNS, "2024-01-02", "'x' is no number."),
        (["today,1,a,b"], COLUMNS, "2024-01-02", "row 1, day: 'today' is no time."),
        (["2024-01-01,1,a,b", "2024-01-02,1,a,b"], COLUMNS, "2024-01-02", "has nothing to split by"),
        (["2024-01-01,1,a,b"], Columns(time="day", value="n", dimensions=("contry",)), "1", "Did you mean country?"),
        (["2024-01-01,1,a,b"], Columns(time="day", value="n", denominator="n"), "1", "one is named twice."),
        (["2024-01-01,1,a,b"], Columns(time="day", value="n", dimensions=("n",)), "1", "Leave it out of --dimensions."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(tmp_path: Path, lines: list[str], columns: Columns, at: str, says: str) -> None:
    with pytest.raises(WrongUse) as told:
        read_history(written(tmp_path, *lines), columns, at)
    assert says in str(told.value)
