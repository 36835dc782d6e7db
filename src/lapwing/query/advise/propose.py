"""Proposes rollups for the questions in the log: those that save the most for their size, while a budget of cells lasts."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lapwing.cache.lattice import CELLS_A_MILLISECOND, Asked, Dimensions, View, choose, needed
from lapwing.cache.questions import Shape, Tally
from lapwing.model.calendar import DAY
from lapwing.model.dataset import Dataset
from lapwing.query.advise.needs import GRAINS, Left, Need, grain_of, needs_of, together, width
from lapwing.query.advise.sizes import Sizes
from lapwing.sql.bound import BoundDataset

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

BUDGET: Final = 10_000_000
_MOST: Final = 40
"""Rollups of a dataset that are thought of; to count one asks the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A rollup worth declaring. `cells` and `keys` are estimates, `sized` says how they were made; likewise `seconds` to
    build it and `timed`. `source_bytes` are those of the tables that a build reads, as far as their sources tell.
    `questions` would have been answered by it, which took `milliseconds` and of which `rows` and `bytes` came from the
    source; it would have saved about `saved` milliseconds. `serves` are their shapes."""

    dataset: str
    name: str
    grain: str
    dimensions: tuple[str, ...]
    measures: tuple[str, ...]
    cells: int
    keys: int
    sized: str
    seconds: float
    timed: str
    source_bytes: int | None
    questions: int
    milliseconds: float
    saved: float
    rows: int
    bytes: int
    serves: tuple[str, ...]


def advise(
    lapwing: Lapwing, which: str | None = None, *, budget: int = BUDGET, time_limit: float = 60.0
) -> tuple[list[Advice], list[Left]]:
    """Rollups for the questions in the log, of one dataset or of all, together of up to `budget` cells a dataset; and what
    is left aside.

    Raises:
        NotFound: there is no such dataset.
        StoreError: the log can't be read. SourceError, TimeLimit: the source does not count (in time).
    """
    log = lapwing.cache.questions.read()
    found: list[Advice] = []
    left: list[Left] = []
    for dataset in lapwing.project.datasets.values():
        if which in (None, dataset.name):
            advice, aside = _of(lapwing, dataset, log, budget, time_limit)
            found += advice
            left += aside
    return found, left


def _of(
    lapwing: Lapwing, dataset: Dataset, log: Mapping[Shape, Tally], budget: int, time_limit: float
) -> tuple[list[Advice], list[Left]]:
    bound = lapwing.cache.bound(dataset.name)
    needs, left = needs_of(dataset, lapwing.project, bound, log)
    span = lapwing.cache.span(dataset.name) if needs else None
    if span is None:
        return [], left
    sizes = Sizes.of(bound, span)
    views = [sizes.view(lapwing.sql, some, step, time_limit) for some, step in _candidates(needs)]
    questions: dict[View, list[Need]] = {}
    for need in needs:
        questions.setdefault(View(need.dimensions, need.step, 0, 0), []).append(need)
    asked = Asked(
        {one: max(round(max(n.milliseconds for n in of) * CELLS_A_MILLISECOND), 1) for one, of in questions.items()},
        {one: sum(n.tally.count for n in of) for one, of in questions.items()},
    )
    chosen = needed([one.view for one in choose((), list(questions), views, budget, asked)], list(questions))
    open_ = [question for question in questions if not any(view.answers(question) for view in chosen)]
    room = budget - sum(view.cells for view in chosen)
    chosen += [one.view for one in choose(chosen, open_, views, room, asked)]
    served: dict[View, list[Need]] = {}
    for question, of in questions.items():
        best = min((view for view in chosen if view.answers(question)), key=lambda view: view.cost, default=None)
        if best is not None:
            served.setdefault(best, []).extend(of)
            continue
        smallest = min((view for view in views if view.answers(question)), key=lambda view: view.cells, default=None)
        left += [Left(dataset.name, n.says, n.tally.count, _why_unserved(smallest, budget)) for n in of]
    names = set(dataset.rollups)
    return [_advice(lapwing, bound, sizes, view, of, names) for view, of in served.items()], left


def _why_unserved(smallest: View | None, budget: int) -> str:
    if smallest is not None and smallest.cells > budget:
        return f"A rollup for them has about {smallest.cells:,} cells, and the budget is {budget:,}."
    return "No rollup would answer them sooner than they are answered now, or what it takes is spent better on others."


def _candidates(needs: Sequence[Need]) -> list[tuple[Dimensions, int]]:
    """What each need asks for, and what several ask for together: dimensions, and the step in microseconds."""
    heavy = sorted(needs, key=lambda need: -need.tally.milliseconds)[:_MOST]
    found = dict.fromkeys((need.dimensions, _step([need.step])) for need in heavy)
    for size in (2, 3, len(heavy)):
        for some in itertools.combinations(heavy[:8] if size < len(heavy) else heavy, size):
            if len(found) < _MOST or size == len(heavy):
                dimensions = frozenset[str]().union(*(need.dimensions for need in some))
                found.setdefault((dimensions, _step([need.step for need in some])))
    return list(found)


def _step(steps: Iterable[int]) -> int:
    """That of the coarsest grain that serves all."""
    grain = grain_of(together(list(steps))) or GRAINS[-1]
    return width(grain)


def _advice(
    lapwing: Lapwing, bound: BoundDataset, sizes: Sizes, view: View, needs: Sequence[Need], names: set[str]
) -> Advice:
    dataset, tally = bound.dataset, Tally()
    for need in needs:
        tally.add(need.tally)
    wanted = frozenset[str]().union(*(need.measures for need in needs))
    seconds, timed = _seconds(lapwing, dataset, sizes, needs)
    grain = grain_of(view.grain) or GRAINS[-1]
    scans = lapwing.sql.plan(f"SELECT * FROM {bound.relation}", engine="duckdb").scans
    known = [scan.table.bytes for scan in scans if scan.table.bytes is not None]
    return Advice(
        dataset=dataset.name,
        name=_name(view, names),
        grain=str(grain),
        dimensions=tuple(name for name in dataset.dimensions if name in view.dimensions),
        measures=tuple(name for name in dataset.measures if name in wanted),
        cells=view.cells,
        keys=view.keys,
        sized=sizes.says,
        seconds=seconds,
        timed=timed,
        source_bytes=sum(known) if known else None,
        questions=tally.count,
        milliseconds=tally.milliseconds,
        saved=max(tally.milliseconds - tally.count * view.cost / CELLS_A_MILLISECOND, 0.0),
        rows=tally.rows,
        bytes=tally.bytes,
        serves=tuple(need.says for need in sorted(needs, key=lambda need: -need.tally.milliseconds)),
    )


def _seconds(lapwing: Lapwing, dataset: Dataset, sizes: Sizes, needs: Sequence[Need]) -> tuple[float, str]:
    """About how long a build takes: as builds of the dataset's rollups did, else as the questions did for their time."""
    months = max(1, round((sizes.span[1] - sizes.span[0]) / (30 * DAY)))
    runs = [run for run in lapwing.cache.runs(dataset.name) if run.built] if dataset.rollups else []
    built = sum(run.built for run in runs)
    if built:
        return months * sum(run.seconds for run in runs) / built, f"as {built:,} partitions took that were built before"
    slowest = max(needs, key=lambda need: need.tally.worst)
    share = (sizes.span[1] - sizes.span[0]) / max(slowest.tally.longest, 1)
    return slowest.tally.worst / 1e3 * max(share, 1.0), "as the slowest of the questions took for its time"


def _name(view: View, taken: set[str]) -> str:
    """What it is by; another one of that name gets a number."""
    base = "by_" + "_".join(sorted(view.dimensions)) if view.dimensions else "total"
    name = next(
        name
        for name in itertools.chain((base[:60],), (f"{base[:56]}_{n}" for n in itertools.count(2)))
        if name not in taken
    )
    taken.add(name)
    return name
