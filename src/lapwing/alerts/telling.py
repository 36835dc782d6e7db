"""What a judging tells of its incidents: for each step the sentence and the numbers that are kept with it for good."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lapwing.alerts.history import series_key
from lapwing.alerts.judged import Judged
from lapwing.alerts.reconcile import Step, Told
from lapwing.alerts.story import Telling
from lapwing.alerts.totals import at_stake, numbers
from lapwing.alerts.views.view import plain
from lapwing.model.project import Project


def about_metric(judged: Judged) -> dict[str, Any]:
    """What an incident of a monitor is of, as it is kept with it."""
    shown = judged.metric.shown
    return {
        "metric": judged.monitor.metric,
        "label": shown.label,
        "unit": shown.unit,
        "format": shown.format,
        "better": None if shown.better is None else str(shown.better),
        "grain": str(judged.monitor.grain),
    }


def told_of(judged: Judged, project: Project) -> Iterator[Told]:
    """The incidents of a judging, to be kept."""
    dataset = project.datasets[judged.monitor.dataset]
    about = about_metric(judged)
    for row, within in enumerate(judged.slices):
        for episode in judged.episodes[row]:
            telling = Telling(judged=judged, dataset=dataset, row=row, episode=episode, zone=project.timezone)
            steps = {
                Step(step.kind, int(judged.known[step.bucket]), int(judged.borders[step.bucket])): step.bucket
                for step in episode.steps
            }

            def tell(step: Step, telling: Telling = telling, steps: dict[Step, int] = steps) -> dict[str, Any]:
                return {"says": telling.says(step.kind, steps[step]), **figures(telling, steps[step])}

            yield Told(
                key=(series_key(within), episode.direction, int(judged.borders[episode.opened])),
                steps=tuple(steps),
                about=about,
                tell=tell,
            )


def figures(telling: Telling, bucket: int) -> dict[str, Any]:
    """The numbers of an incident as they were when a bucket was the last one known."""
    known = telling.episode.until(bucket + 1) or telling.episode
    found = numbers(telling.judged, telling.row, known.first, known.last)
    money = at_stake(found, telling.dataset, telling.judged.metric)
    return dict(
        plain(
            {
                "actual": found.actual,
                "expected": found.expected,
                "lower": found.lower,
                "upper": found.upper,
                "difference": found.difference,
                "amount": None if money is None else money[0],
                "currency": None if money is None else money[1],
                "first": int(telling.judged.borders[known.first]),
                "until": int(telling.judged.borders[known.last + 1]),
            }
        )
    )
