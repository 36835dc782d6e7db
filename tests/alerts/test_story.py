"""A story is told as it was known, step by step: no step's words know what came after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from tests.alerts.judged import by_hand

from lapwing.alerts.detect import Detection
from lapwing.alerts.story import Telling
from lapwing.query.service import Lapwing


def told(shop: Lapwing, actual: Sequence[float], known: int | None = None, metric: str = "orders.failed") -> list[str]:
    judged = by_hand(shop, metric, actual, 10)
    days = len(actual) if known is None else known
    episode = judged.episodes[0][0].until(days)
    assert episode is not None
    telling = Telling(
        judged=judged,
        dataset=shop.project.datasets["orders"],
        row=0,
        episode=episode,
        zone=shop.project.timezone,
    )
    return [f"{step.at[5:10]} {step.kind}: {step.says}" for step in telling.story(days, "Why.")]


def test_one_bad_day(shop: Lapwing) -> None:
    assert told(shop, [10, 10, 30, 10, 10, 10]) == [
        "03-04 opened: 30 on Sun 3 Mar, 10 expected. $400 so far.",
        "03-04 cause: Why.",
        "03-05 easing: 10 on Mon 4 Mar: less than half as far from what was expected as at the worst.",
        "03-06 resolved: 2 days inside the range. In all +20 against what was expected.",
    ]


def test_records_the_worst_and_an_end(shop: Lapwing) -> None:
    assert told(shop, [10, 13, 16, 30, 32, 11, 10, 10]) == [
        "03-04 opened: 29 from Sat 2 Mar to Sun 3 Mar, 20 expected. $180 so far.",
        "03-04 cause: Why.",
        "03-05 grew: 30 on Mon 4 Mar: a new record.",
        "03-06 worst: 32 on Tue 5 Mar, 10 expected. $1.02 k so far.",
        "03-07 easing: 11 on Wed 6 Mar: less than half as far from what was expected as at the worst.",
        "03-08 resolved: 2 days inside the range. In all +51 against what was expected.",
    ]


AGAIN = [10, 20, 10, 10, 10, 26, 10, 10, 10]


def test_an_end_is_told_with_the_sum_of_its_time(shop: Lapwing) -> None:
    """The first end knows nothing of the second outbreak, not even when it is read after it."""
    late = told(shop, AGAIN)
    assert late[2] == "03-05 resolved: 2 days inside the range. In all +10 against what was expected."
    assert "03-07 opened: Again: 26 on Wed 6 Mar, 10 expected." in late
    assert late[-1].endswith("In all +26 against what was expected.")


@pytest.mark.parametrize("known", range(2, len(AGAIN) + 1))
def test_what_was_told_stays_told(shop: Lapwing, known: int) -> None:
    """Steps that tell (not the ones that look back: worst, easing) are the same however much is known."""
    late, early = (
        [step for step in told(shop, AGAIN, days) if "worst:" not in step and "easing:" not in step]
        for days in (len(AGAIN), known)
    )
    assert late[: len(early)] == early


def test_without_a_worth_no_money(shop: Lapwing) -> None:
    assert (
        told(shop, [10, 10, 4, 10, 10], metric="orders.revenue")[0]
        == "03-04 opened: 4 USD on Sun 3 Mar, 10 USD expected."
    )


def test_what_ended_and_what_was_away(shop: Lapwing) -> None:
    """Twenty days of 10 among 60 of all, then nothing; it is back after six days."""
    part = [10.0] * 20 + [0.0] * 6 + [10.0] * 3
    judged = by_hand(shop, "orders.orders", part, 10)
    whole = np.array([part, [value + 50 for value in part]])
    two = replace(
        judged,
        slices=((("region", "north"),), ()),
        amount=whole,
        exposure=np.ones_like(whole),
        detection=Detection(
            **{
                name: np.repeat(getattr(judged.detection, name), 2, axis=0)
                for name in ("expected", "lower", "upper", "score", "ready")
            }
        ),
    )
    (episode,) = two.episodes[0]
    telling = Telling(
        judged=two, dataset=shop.project.datasets["orders"], row=0, episode=episode, zone=shop.project.timezone
    )
    assert [f"{step.bucket} {step.kind}: {telling.says(step.kind, step.bucket)}" for step in episode.steps] == [
        "20 opened: 0 on Thu 21 Mar, 10 expected.",
        "22 ended: Nothing came since Thu 21 Mar, while the others go on: it ended. In all −20 against what was expected.",
        "26 opened: It is back on Wed 27 Mar: it had not ended, it was away. In all −60 against what was expected.",
        "27 resolved: 2 days inside the range. In all −60 against what was expected.",
    ]
