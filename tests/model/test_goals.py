from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lapwing.model.goal import Aim, Goal
from lapwing.model.grain import Grain
from lapwing.model.load import check_files, load

ADS = Path(__file__).parents[2] / "examples" / "ads"


def project(folder: Path, added: str) -> Path:
    shutil.copytree(ADS / "datasets", folder / "datasets", dirs_exist_ok=True)
    (folder / "lapwing.yaml").write_text((ADS / "lapwing.yaml").read_text().split("goals:")[0] + added)
    return folder


def test_goals_and_limits(tmp_path: Path) -> None:
    found = load(
        project(
            tmp_path,
            """
goals:
  month: {metric: spend, period: month, at_least: {2026-01: 90, 2026-03: 100}, slice: {country: DE}}
  exact: {metric: ads.spend, period: quarter, exactly: 100}
limits:
  rate: {metric: click_rate, below: 0.01, within: 3 days}
""",
        )
    )
    goal = found.goals["month"]
    assert (goal.metric, goal.aim, goal.slice, goal.period) == (
        "ads.spend",
        Aim.AT_LEAST,
        (("country", "DE"),),
        Grain.parse("month"),
    )
    (january, _), (march, _) = goal.amounts
    assert [goal.amount(at) for at in (january - 1, january, march - 1, march)] == [None, 90, 90, 100]
    assert goal.well(100) == (100, float("inf"))
    assert found.goals["exact"].well(100) == (95, 105)
    assert found.limits["rate"].ahead == 3


@pytest.mark.parametrize(
    ("written", "code", "near"),
    [
        ("goals: {a: {metric: spnd, period: month, at_least: 1}}", "unknown-metric", "spend"),
        ("goals: {a: {metric: spend, period: month, at_leest: 1}}", "unknown-key", "at_least"),
        ("goals: {a: {metric: spend, period: month, at_least: 1, at_most: 2}}", "goal-aim", None),
        ("goals: {a: {metric: spend, period: year, at_least: 1}}", "bad-period", "quarter"),
        ("goals: {a: {metric: spend, period: mnth, at_least: 1}}", "bad-grain", "month"),
        ("goals: {a: {metric: spend, period: month, at_least: {2026-01-05: 1}}}", "not-a-period", None),
        ("goals: {a: {metric: spend, period: month, at_least: much}}", "bad-amount", None),
        ("goals: {a: {metric: spend, period: month, at_least: 1, tolerance: 5%}}", "unused-key", None),
        ("goals: {a: {metric: spend, period: month, exactly: 1, tolerance: 5x}}", "bad-share", None),
        (
            "goals: {a: {metric: spend, period: month, at_least: 1, slice: {contry: DE}}}",
            "unknown-dimension",
            "country",
        ),
        ("limits: {a: {metric: spend, above: 1, below: 2}}", "limit-side", None),
        ("limits: {a: {metric: spend, above: 1, grain: week}}", "bad-grain", "hour"),
        ("limits: {a: {metric: spend, above: 1, within: 5 years}}", "bad-duration", None),
    ],
)
def test_mistakes_are_told_with_what_is_near(tmp_path: Path, written: str, code: str, near: str | None) -> None:
    found, problems = check_files(project(tmp_path, f"\n{written}\n"))
    assert found is None
    (problem,) = problems
    assert problem.code == code
    assert problem.place
    assert problem.place.line
    assert near is None or near in problem.nearest


def test_a_goal_of_nothing_else() -> None:
    goal = Goal(
        name="g",
        dataset="d",
        metric="d.m",
        period=Grain.parse("month"),
        aim=Aim.AT_MOST,
        amounts=((0, -10.0),),
        tolerance=0.0,
    )
    assert goal.well(-10.0) == (float("-inf"), -10.0)
