"""alerts: budget."""

from __future__ import annotations

from pathlib import Path

import pytest

from lapwing.model.load import check_files, load


def project(folder: Path, written: str) -> Path:
    (folder / "lapwing.yaml").write_text(f"name: p\nsources: {{}}\n{written}\n")
    return folder


@pytest.mark.parametrize(
    ("written", "a_week"),
    [
        ("", None),
        ("alerts: {budget: none}", None),
        ("alerts: {budget: 3 per week}", 3.0),
        ("alerts: {budget: 1 a day}", 7.0),
        ("alerts: {budget: 0.5 per week}", 0.5),
        ("alerts: {budget: 4 per month}", 4 * 84 / 365.25),
    ],
)
def test_a_budget_is_so_many_a_week(tmp_path: Path, written: str, a_week: float | None) -> None:
    assert load(project(tmp_path, written)).budget == (None if a_week is None else pytest.approx(a_week))


@pytest.mark.parametrize(
    ("written", "code", "near"),
    [
        ("alerts: {budgt: 3 per week}", "unknown-key", "budget"),
        ("alerts: {budget: 3 per wek}", "bad-budget", "week"),
        ("alerts: {budget: 3}", "bad-budget", None),
        ("alerts: {budget: few}", "bad-budget", None),
        ("alerts: {budget: 0 per week}", "bad-budget", None),
        ("alert: {budget: 3 per week}", "unknown-key", "alerts"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, written: str, code: str, near: str | None) -> None:
    _, problems = check_files(project(tmp_path, written))
    (problem,) = problems
    assert (problem.code, problem.place.line if problem.place else None) == (code, 3)
    assert near is None or near in problem.nearest
