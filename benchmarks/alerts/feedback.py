"""Do votes help? Somebody says of every alarm of injected incidents whether it told of one, some days later; alarms and
incidents of the second half are judged, with those votes and without.

Each metric of the injected series is one monitor, its slices and the whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.alerts.injected.alarms import alarm, around
from benchmarks.alerts.injected.make import CHOOSING, DAILY, HOURLY, SEALED, panels
from benchmarks.alerts.injected.outcome import Outcome, outcome, tells
from benchmarks.alerts.injected.panel import Alarm, Alarms, Panel
from lapwing.alerts.bar import Bar
from lapwing.alerts.detect import Detection
from lapwing.alerts.terms import Terms, expect, raised
from lapwing.alerts.votes import Vote
from lapwing.model.calendar import DAY
from lapwing.model.grain import Grain

_COUNT, _SMALL = 200, 40
_SENSITIVITIES = (3.0, 3.75)
_ROUND = 14 * DAY
"""How often the person goes through what was raised: all of it that is older than..."""
_WAITS = 2 * DAY


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One monitor: what was expected of its series."""

    panel: Panel
    detection: Detection
    bar: Bar

    def alarms(self, votes: tuple[Vote, ...]) -> Alarms:
        """What it raises, given what was said."""
        bar = replace(self.bar, votes=votes) if votes else None
        found = raised(self.panel.values, self.panel.exposure, self.detection, self.panel.terms, bar=bar)
        return tuple(tuple(map(alarm, of_row)) for of_row in found)


def compare(*, small: bool, sealed: bool) -> dict[str, Any]:
    """Prints the table; figures by grain and sensitivity."""
    print("\nVotes on every alarm; what came in the second half\n")
    print(f"  {'':32}{'alarms':>8}{'false':>8}{'precision':>11}{'recall':>8}{'event F1':>10}")
    out: dict[str, Any] = {}
    for name, grain in (("daily", DAILY), ("hourly", HOURLY)):
        for sensitivity in _SENSITIVITIES:
            of = f"{name}, sensitivity {sensitivity:g}"
            monitors = monitors_of(grain, SEALED if sealed else CHOOSING, _SMALL if small else _COUNT, sensitivity)
            without, voted = outcomes(monitors)
            out[of] = {"without": without.figures(), "with": voted.figures()}
            for words, one in ((of, without), ("  with votes", voted)):
                f = one.figures()
                told = one.found + one.false.total()
                print(
                    f"  {words:32}{told:8}{one.false.total():8}{f['precision']:11.3f}{f['recall']:8.3f}{f['event F1']:10.3f}"
                )
    return out


def outcomes(monitors: Sequence[Judged]) -> tuple[Outcome, Outcome]:
    """Of the second half: without votes, and with them."""
    later = [_later(one.panel) for one in monitors]
    without = outcome(later, (one.alarms(()) for one in monitors))
    return without, outcome(later, (one.alarms(tuple(votes_on(one))) for one in monitors))


def votes_on(one: Judged) -> list[Vote]:
    """Whatever is raised is voted on, time after time; what is raised then depends on the votes before."""
    panel, votes = one.panel, list[Vote]()
    known = one.bar.known
    for now in range(int(known[panel.first]) + _ROUND, int(known[-1]), _ROUND):
        said = {vote.key for vote in votes}
        for row, of_row in enumerate(one.alarms(tuple(votes))):
            for each in of_row:
                key = one.bar.series[row], each.direction, int(one.bar.borders[each.opened])
                if each.opened >= panel.first and known[each.opened] <= now - _WAITS and key not in said:
                    votes.append(Vote(key, now, "Ann", _useful(panel, each, row)))
    return votes


def _useful(panel: Panel, each: Alarm, row: int) -> bool:
    return any(tells(each, each.opened, incident, row) for incident in panel.incidents)


def _later(panel: Panel) -> Panel:
    """Only what comes in the second half counts."""
    return replace(panel, first=(panel.first + len(panel.starts)) // 2)


def monitors_of(grain: Grain, seed: int, count: int, sensitivity: float) -> list[Judged]:
    """So many injected metrics, judged."""
    alike: dict[object, list[Panel]] = defaultdict(list)
    for panel in panels(grain, seed, count):
        terms = replace(panel.terms, sensitivity=sensitivity)
        alike[terms, panel.country, panel.zone.key].append(replace(panel, terms=terms))
    return [one for of in alike.values() for one in _judged(of, of[0].terms)]


def _judged(of: Sequence[Panel], terms: Terms) -> Iterator[Judged]:
    values, exposure = (np.concatenate([getattr(one, name) for one in of]) for name in ("values", "exposure"))
    found = expect(of[0].starts, of[0].zone, values, exposure, terms, around(of))
    row = 0
    for panel in of:
        rows = slice(row, row := row + len(panel.values))
        arrays = {name: getattr(found, name)[rows] for name in Detection.__slots__}
        borders = np.append(panel.starts, 2 * panel.starts[-1] - panel.starts[-2])
        series = tuple(f"{panel.name} {part}" for part in range(len(panel.values)))
        parts = np.arange(len(series)) < len(series) - 1
        bar = Bar(series=series, parts=parts, borders=borders, known=borders[1:])
        yield Judged(panel, Detection(**arrays), bar)
