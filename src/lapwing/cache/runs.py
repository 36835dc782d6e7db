"""A record of every run that built a rollup, or tried to: what it did and why, and of which moment the rollup is since.

One row of the store a rollup, with the last runs of any process. It is a record and no data: a row that can't be read
is as none, and where there is no room for one, the build is no worse for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Final

from lapwing.cache import owner
from lapwing.cache.keys import runs_key
from lapwing.cache.stores.base import RollupStore
from lapwing.model.calendar import utc_iso
from lapwing.model.problem import Problem

KEPT: Final = 60
"""Runs of each rollup."""
_FORMAT: Final = 1
_TRIES: Final = 50


class Why(StrEnum):
    """What began a run."""

    ASKED = "asked"
    """Somebody, on the command line or the page."""
    DUE = "due"
    """Its promise of freshness."""


class Result(StrEnum):
    BUILT = "built"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run over one rollup. `began` is in seconds since 1970, `seconds` what it took. `built`, `unchanged` and `emptied`
    count partitions, `causes` those built by why; `cells` and `bytes` are what was written. `whole`: it looked at all of
    the rollup. `by` is `host/process/start/run`. `problem` is what ended it. Of a
    source that charges: the ids of the last jobs that ran there, and what all of them were billed for and took."""

    rollup: str
    why: Why
    began: float
    seconds: float
    whole: bool
    by: str
    built: int = 0
    unchanged: int = 0
    emptied: int = 0
    cells: int = 0
    bytes: int = 0
    causes: Mapping[str, int]
    jobs: tuple[str, ...] = ()
    bytes_billed: int = 0
    slot_ms: int = 0
    problem: Problem | None = None

    @property
    def result(self) -> Result:
        if self.problem is not None:
            return Result.CANCELLED if self.problem.code == "cancelled" else Result.FAILED
        return Result.BUILT if self.built or self.emptied else Result.UNCHANGED

    def as_dict(self) -> dict[str, Any]:
        """The run as JSON-ready data; `by` is host and process."""
        plain = {name: getattr(self, name) for name in ("built", "unchanged", "emptied", "cells", "bytes", "whole")}
        return {
            "rollup": self.rollup,
            "why": str(self.why),
            "result": str(self.result),
            "began": utc_iso(int(self.began * 1e6)),
            "seconds": round(self.seconds, 3),
            **plain,
            "causes": dict(self.causes),
            "jobs": list(self.jobs),
            "bytes_billed": self.bytes_billed,
            "slot_ms": self.slot_ms,
            "by": owner.where(self.by),
            "problem": None if self.problem is None else self.problem.as_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The last runs of a rollup, the latest first. `as_of`: the rollup of this `definition` had all that its source had
    at that moment (seconds since 1970); None: no run over all of it has ended well yet."""

    runs: tuple[Run, ...] = ()
    definition: str | None = None
    as_of: float | None = None

    def fresh_as_of(self, definition: str) -> float | None:
        """`as_of`, unless it is of another definition."""
        return self.as_of if self.definition == definition else None


class Runs:
    """The records of one store. Safe to use from several threads and processes."""

    def __init__(self, store: RollupStore) -> None:
        self._store = store

    def of(self, names: Iterable[str]) -> dict[str, Record]:
        """The records of rollups, asked of the store at once; empty ones where there is none.

        Raises:
            StoreError: the store can't be read.
        """
        asked = list(names)
        rows = self._store.get([runs_key(name) for name in asked]) if asked else []
        return {name: _decode(name, row) for name, row in zip(asked, rows, strict=True)}

    def add(self, run: Run, definition: str | None) -> None:
        """Adds a run. One over a whole rollup that ended well makes it as of the moment when it began: what changed at the
        source since then may be lacking.

        Raises:
            StoreError: no room.
        """
        key = runs_key(run.rollup)
        for _ in range(_TRIES):
            (row,) = self._store.get([key])
            before = _decode(run.rollup, row)
            if self._store.compare_and_set(key, row, _encode(_with(before, run, definition))):
                return


def _with(before: Record, run: Run, definition: str | None) -> Record:
    runs = tuple(sorted((run, *before.runs), key=lambda one: -one.began)[:KEPT])
    if run.problem is not None or not run.whole or definition is None:
        return Record(runs=runs, definition=before.definition, as_of=before.as_of)
    as_of = max(run.began, before.fresh_as_of(definition) or 0.0)  # a run that began earlier may end later
    return Record(runs=runs, definition=definition, as_of=as_of)


_NAMES = tuple(field.name for field in fields(Run) if field.name not in ("rollup", "problem"))
_COSTS = ("jobs", "bytes_billed", "slot_ms")
"""Records of earlier times lack them."""


def _encode(record: Record) -> bytes:
    runs = [
        {name: getattr(run, name) for name in _NAMES} | ({"problem": run.problem.as_dict()} if run.problem else {})
        for run in record.runs
    ]
    row = {"format": _FORMAT, "definition": record.definition, "as_of": record.as_of, "runs": runs}
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode()


def _decode(rollup: str, row: bytes | None) -> Record:
    """An empty record where the row is none, or another Lapwing's."""
    try:
        read = json.loads(row) if row is not None else {}
        if read.get("format") != _FORMAT:
            return Record()
        runs = tuple(_run(rollup, one) for one in read["runs"])
        return Record(runs=runs, definition=read["definition"], as_of=read["as_of"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return Record()


def _run(rollup: str, row: Mapping[str, Any]) -> Run:
    told = row.get("problem")
    # A line of a file of then is no place to look at now.
    problem = None if told is None else replace(Problem.of_dict(told), place=None)
    values = {name: row[name] for name in _NAMES if name in row or name not in _COSTS}
    return Run(rollup=rollup, problem=problem, **values | {"why": Why(row["why"]), "jobs": tuple(row.get("jobs", ()))})
