"""A project replayed: its rollups built aside, its monitors judged over all of its past."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from lapwing.alerts.service import Alerts
from lapwing.alerts.state import StateDatabase
from lapwing.alerts.views.incident import IncidentSummary
from lapwing.query.service import Lapwing

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True, slots=True)
class Replay:
    """What was raised, folded as on the board, the oldest first; and how many series were watched how long."""

    raised: tuple[IncidentSummary, ...]
    series_weeks: float


@contextmanager
def aside(example: str) -> Iterator[Path]:
    """A copy of an example, with its data where that is there, without rollups."""
    with TemporaryDirectory(prefix="lapwing-replay-") as folder:
        away = shutil.ignore_patterns(".lapwing", "live", "__pycache__", "*.part")
        yield Path(shutil.copytree(EXAMPLES / example, Path(folder) / example, ignore=away))


def replayed(project: Path) -> Replay:
    """Builds and judges."""
    with Lapwing.open(project) as lapwing:
        lapwing.cache.build().checked()
        alerts = Alerts(lapwing, StateDatabase(lapwing.project.state_path))
        try:
            grains = {one.name: one.grain for one in alerts.monitors()}
            done = alerts.replay()
            raised = tuple(reversed(alerts.incidents()))
        finally:
            alerts.close()
    buckets = {one.monitor: one.judged * (grains[one.monitor].fixed or 86_400_000_000) for one in done}
    return Replay(raised, sum(buckets.values()) / 604_800e6)


def direction(one: IncidentSummary) -> str:
    """The way the number moved."""
    return "down" if (one.difference or 0.0) < 0 else "up"


def slice_words(one: IncidentSummary) -> str:
    """Its slice, for people."""
    return ", ".join(f"{name} {value}" for name, value in one.slice.items()) or "all"
