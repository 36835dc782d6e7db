"""Rollups as JSON-ready descriptions: what they hold, how fresh they are, what they did."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from lapwing.cache.runs import Run
from lapwing.cache.status import PartitionStatus, RollupStatus
from lapwing.model.calendar import utc_iso
from lapwing.model.problem import LapwingError, StoreError
from lapwing.query.service import Lapwing
from lapwing.server.refresher import Refreshing
from lapwing.server.services import Services

_MOST_STRETCHES = 500
"""Of one rollup; more are told as one whose state is not known."""


def rollup_entry(status: RollupStatus) -> dict[str, Any]:
    """A rollup in a few words, as the catalog has it."""
    fresh = status.fresh
    return {
        "name": status.name,
        "dataset": status.dataset,
        "grain": status.grain,
        "dimensions": list(status.dimensions),
        "measures": list(status.measures),
        "partitions": len(status.partitions),
        "keys": status.keys,
        "cells": status.cells,
        "bytes": status.bytes,
        "built_at": _moment(status.built_at),
        "data_until": None if status.data_until is None else utc_iso(status.data_until),
        "stale": status.stale,
        "refused": status.refused,
        "freshness": fresh.promise,
        "as_of": _moment(fresh.as_of),
        "late": fresh.late,
        "late_by_seconds": None if fresh.late_by is None else round(fresh.late_by, 3),
    }


def rollups(found: Services, *, check: bool) -> dict[str, Any]:
    """Everything about the cache; with `check` the sources are asked whether they changed. Where the store can't be read,
    each rollup says so."""
    lapwing = found.lapwing
    counted = lapwing.cache.counted()
    last = _last_runs(lapwing)
    sizes = {name: table_bytes(lapwing, name) for name in lapwing.project.datasets}
    views: list[dict[str, Any]] = []
    for status in lapwing.cache.status(check=check):
        served = counted.served.get(status.name)
        views.append(
            {
                **rollup_entry(status),
                "follows": status.follows,
                "says": status.says,
                "arrives": found.alerts.data.readiness.says(lapwing.project.datasets[status.dataset]),
                "past_versions": sum(one.past for one in status.partitions),
                "stretches": list(stretches(status)),
                "answers": 0 if served is None else served.answers,
                "bytes_saved": _saved(status, sizes[status.dataset], 0 if served is None else served.time),
                "due": _moment(found.refresher.due(status.name)),
                "last_run": last[status.name].as_dict() if status.name in last else None,
            }
        )
    saved = [view["bytes_saved"] for view in views if view["bytes_saved"] is not None]
    misses = [
        {"dataset": one.dataset, "check": one.check, "says": one.says, "count": one.count, "last": one.last}
        for one in counted.misses
    ]
    return {
        "since": _moment(counted.since),
        "whole": counted.whole,
        "shared": counted.shared,
        "by_products": counted.by_products,
        "again": found.kept.given,
        "missed": counted.missed,
        "misses": misses,
        "bytes_saved": sum(saved) if saved else None,
        "keeps_promises": found.refresher.keeps_promises,
        "rollups": views,
    }


def refreshing_entry(one: Refreshing) -> dict[str, Any]:
    """A run under way."""
    at = one.progress
    return {
        "dataset": one.dataset,
        "rollups": list(one.rollups),
        "why": str(one.why),
        "began": _moment(one.began),
        "done": 0 if at is None else at.done,
        "total": None if at is None else at.total,
        "rollup": None if at is None else at.rollup,
        "seconds_left": None if at is None else at.seconds_left,
        "note": None if at is None else at.note,
        "cancelling": one.cancel.is_set(),
    }


def stretches(status: RollupStatus) -> Iterator[dict[str, Any]]:
    """Adjacent partitions in the same state as one."""
    unasked = "unknown" if status.follows is None else "following"
    states = itertools.groupby(status.partitions, lambda one: _state(one, unasked))
    groups = [(state, says, list(of)) for (state, says), of in states]
    if len(groups) > _MOST_STRETCHES:
        groups = [("unknown", None, list(status.partitions))]
    for state, says, of in groups:
        start, end = utc_iso(of[0].start), utc_iso(of[-1].end)
        yield {"start": start, "end": end, "partitions": len(of), "state": state, "says": says}


def _state(partition: PartitionStatus, unasked: str) -> tuple[str, str | None]:
    if partition.quarantined is not None:
        return "quarantined", partition.quarantined
    return {None: unasked, True: "stale", False: "fresh"}[partition.stale], None


def table_bytes(lapwing: Lapwing, dataset: str) -> int | None:
    """How large the dataset's own table is, as its source states it; None where it is SQL, or the source does not say."""
    table = lapwing.project.datasets[dataset].table
    if table is None:
        return None
    try:
        return lapwing.sql.catalog.resolve(tuple(part.strip('"') for part in table.split("."))).bytes
    except LapwingError:
        return None


def _last_runs(lapwing: Lapwing) -> dict[str, Run]:
    try:
        return {run.rollup: run for run in reversed(lapwing.cache.runs())}
    except StoreError:
        return {}


def _saved(status: RollupStatus, size: int | None, time: int) -> int | None:
    """Bytes of the source that were not read for answers over `time` microseconds."""
    if size is None:
        return None
    if status.data_start is None or status.data_end is None or status.data_end <= status.data_start:
        return 0
    return size * time // (status.data_end - status.data_start)


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else utc_iso(int(seconds * 1e6))
