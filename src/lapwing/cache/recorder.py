"""What one build leaves in the records of the rollups that it was about."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass

from lapwing.cache.build import DatasetBuild
from lapwing.cache.runs import Run, Runs, Why
from lapwing.model.problem import Conflict, Problem, StoreError


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """`began`: when the build did, before any source was asked (seconds since 1970). `whole`: it is about all of each
    rollup. `by`: who builds."""

    runs: Runs
    why: Why
    began: float
    whole: bool
    by: str

    def built(self, work: DatasetBuild, problem: Problem | None) -> None:
        """The build of a dataset is over; `problem` is what ended it early, in whichever of its rollups."""
        own = {one.name: one.problems[0] for one in work.failed}
        for one in work.rollups:
            wrong = own.get(one.definition.name, problem)
            run = one.run(self.why, self.began, work.seconds, whole=self.whole, by=self.by, problem=wrong)
            self._add(run, one.definition.hash)

    def failed(self, rollups: Iterable[str], problem: Problem) -> None:
        """It did not come to building these."""
        for name in rollups:
            run = Run(
                rollup=name,
                why=self.why,
                began=self.began,
                seconds=time.time() - self.began,
                whole=self.whole,
                by=self.by,
                causes={},
                problem=problem,
            )
            self._add(run, None)

    def _add(self, run: Run, definition: str | None) -> None:
        """Best effort: what could not be written down was built all the same."""
        with contextlib.suppress(StoreError, Conflict):
            self.runs.add(run, definition)
