"""Whose mistake it is when a value does not fit a type: the statement's or the file's."""

from __future__ import annotations

from pathlib import Path

import pytest

from lapwing.model.problem import LapwingError, NotFound, Place, SourceError, WrongUse
from lapwing.query.ask import SqlQuery
from lapwing.query.service import Lapwing

PROJECT = "name: casts\nsources:\n  files: {type: files, path: data}\n"
SEEN = 20_480
"""Lines that a column's type is taken from."""


@pytest.fixture(scope="module")
def casts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`words` has texts; `late` has numbers, and a text where nobody looked for the types."""
    folder = tmp_path_factory.mktemp("casts")
    (folder / "data").mkdir()
    (folder / "lapwing.yaml").write_text(PROJECT)
    (folder / "data" / "words.csv").write_text("word,n\n1,1\na,2\n")
    numbers = "".join(f"{number},{number}\n" for number in range(SEEN * 2))
    (folder / "data" / "late.csv").write_text(f"n,m\n{numbers}bad,1\n")
    return folder


@pytest.mark.parametrize(
    ("text", "kind", "code", "place", "says"),
    [
        ("select cast(word as integer) from files.words", WrongUse, "conversion", Place(line=1, column=8), "try_cast"),
        ("select\n word::integer\nfrom files.words", WrongUse, "conversion", Place(line=2, column=6), "column word"),
        ("select word::integer + 1 from files.words", WrongUse, "conversion", Place(line=1, column=12), "'a'"),
        (
            "select word::integer, word::integer from files.words",
            WrongUse,
            "conversion",
            Place(line=1, column=12),
            "INT32",
        ),
        (
            "select n from files.late",
            SourceError,
            "broken-line",
            None,
            f"Line {SEEN * 2 + 2} of late.csv can't be read",
        ),
        ("select sum(n) from files.late", SourceError, "broken-line", None, "Mend the line."),
    ],
)
def test_a_cast_is_the_statements_and_a_broken_line_the_files(
    text: str, kind: type[LapwingError], code: str, place: Place | None, says: str, casts: Path
) -> None:
    with Lapwing.open(casts) as lapwing:
        running = lapwing.run_sql(SqlQuery(text=text)).running
        with pytest.raises(kind) as caught, running:
            list(running)
    [problem] = caught.value.problems
    assert (problem.code, problem.place) == (code, place), problem
    assert says in str(problem)


@pytest.mark.parametrize(
    ("text", "code", "column"),
    [
        ("select t.* from (values (1, 2)) tt(a, b)", "unknown-table", 8),
        ("select a.n from files.words a join files.words b using (n\0)", "unknown-column", 57),
    ],
)
def test_names_that_the_engine_tells_no_place_of(text: str, code: str, column: int, casts: Path) -> None:
    with Lapwing.open(casts) as lapwing, pytest.raises(NotFound) as caught:
        lapwing.run_sql(SqlQuery(text=text))
    [problem] = caught.value.problems
    assert (problem.code, problem.place) == (code, Place(line=1, column=column)), problem
