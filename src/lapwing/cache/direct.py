"""States straight from the source: what is computed where no rollup fits, and what rollups must equal."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pyarrow as pa

from lapwing.cache.arrow_states import group_codes, int64, state_columns
from lapwing.cache.builders.reading import cancelled_by
from lapwing.cache.filter import to_sql
from lapwing.cache.fold import bucket_of, fold
from lapwing.cache.frame import StateFrame
from lapwing.cache.layout import owners
from lapwing.cache.predicate import dimensions
from lapwing.cache.request import StateRequest
from lapwing.cache.state_sql import BUCKET, Buckets, buckets_of, state_sql
from lapwing.model.problem import NotFound, Refused, WrongUse
from lapwing.model.project import ResultLimit
from lapwing.model.receipt import Piece
from lapwing.sources.bill import cost_of
from lapwing.sql.followed import BoundFollowed
from lapwing.sql.service import SqlService
from lapwing.states import state_for
from lapwing.states.base import State


def read_source(
    sql: SqlService, request: StateRequest, time_limit: float, cancel: threading.Event | None = None
) -> tuple[StateFrame, Piece]:
    """The states asked, by one statement, which ends when `cancel` is set.

    Raises:
        Cancelled: it was.
        Refused: a state that can't be computed exactly.
        SourceError, TimeLimit: the source does not answer (in time).
    """
    bound = request.bound
    states = _states(request)
    owned = owners(bound, states)
    kept = {name: state for name, state in states.items() if owned[name] == name}
    buckets = buckets_of(request.edges)
    followed = sql.followed(bound, states)
    text = _text(request, kept, buckets, followed)
    try:
        with (
            # Only the engine's own SQL has a join for the nearest row in time.
            sql.run(text, time_limit=time_limit, engine="duckdb" if followed else None) as running,
            cancelled_by(cancel, running) if cancel else nullcontext(),
        ):
            running.limit = ResultLimit(rows=request.most)
            table = pa.Table.from_batches(list(running), running.schema)
        cost = cost_of(scan.spent for scan in running.progress().scans)
    except (WrongUse, NotFound, Refused) as error:
        # A position in this text says nothing to who asked.
        raise type(error)(*(replace(problem, place=None) for problem in error.problems)) from error
    groups, group = group_codes(table, request.by)
    times = int64(table.column(BUCKET))
    bucket = times if buckets.edges is not None else bucket_of(times, request.edges)
    folded = fold(group, bucket, state_columns(table, kept), kept, len(request.edges) - 1)
    found = {name: folded.states[owned[name]] for name in states}
    frame = StateFrame(groups=groups, group=folded.group, bucket=folded.bucket, states=found)
    size = sum(np.asarray(array).nbytes for columns in folded.states.values() for array in columns.values())
    return frame, Piece(
        by="source",
        name=bound.dataset.name,
        rows=table.num_rows,
        bytes=size,
        sql=text,
        jobs=cost.jobs,
        bytes_billed=cost.bytes_billed,
        slot_ms=cost.slot_ms,
    )


def estimate(sql: SqlService, request: StateRequest) -> int | None:
    """The bytes that `read_source` would be billed for; None where the source charges for none. Raises as it."""
    states = _states(request)
    owned = owners(request.bound, states)
    kept = {name: state for name, state in states.items() if owned[name] == name}
    followed = sql.followed(request.bound, states)
    text = _text(request, kept, buckets_of(request.edges), followed)
    found = sql.estimates(sql.plan(text, engine="duckdb" if followed else None))
    return sum(found.values()) if found else None


def _states(request: StateRequest) -> dict[str, State]:
    bound = request.bound
    return {
        name: state_for(bound.dataset.measures[name], bound.arguments[name]) for name in dict.fromkeys(request.measures)
    }


def _text(
    request: StateRequest, kept: Mapping[str, State], buckets: Buckets, followed: Mapping[str, BoundFollowed]
) -> str:
    where = None if request.where is None else to_sql(request.where)
    filtered = () if request.where is None else tuple(dict.fromkeys(dimensions(request.where)))
    return state_sql(
        request.bound, kept, request.by, buckets, where=where, where_dimensions=filtered, followed=followed
    )
