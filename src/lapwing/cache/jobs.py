"""Long jobs on record: every build that takes more than a moment, how far it is, and the way to cancel it from anywhere.

A row of the store a job, which the process that runs it keeps up; whoever wants it to stop says so in the row. Work that goes
on elsewhere without that process (a pipeline on Dataflow) is in the row before it is begun, so that it is found again
whatever happens here. It is a record and no data: a row that can't be read is as none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Final

from lapwing.cache import owner
from lapwing.cache.keys import jobs_prefix, prefix_end
from lapwing.cache.stores.base import RollupStore
from lapwing.model.calendar import utc_iso
from lapwing.model.names import nearest
from lapwing.model.problem import Conflict, NotFound, Problem

STALE_SECONDS: Final = 60.0
"""After so long without a sign of life the process of a job on another machine counts as gone."""
KEPT: Final = 200
"""Jobs that have ended; older ones are removed as new ones begin."""
_TRIES: Final = 50


class JobState(StrEnum):
    RUNNING = "running"
    CANCELLING = "cancelling"
    """It was asked to stop."""
    DETACHED = "detached"
    """Its process left, and what it began elsewhere goes on; the next build publishes it."""
    LOST = "lost"
    """Its process is gone without a word; what it began elsewhere may go on."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ALONE: Final = frozenset({JobState.DETACHED, JobState.LOST})
"""No process runs it any more."""
ENDED: Final = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """Work that goes on without the process that began it: called `name` where it runs, which is unique there while it lives;
    `id` once it is known. `place` says where that is. It writes `versions` (the first, by the rollup's id) for the
    partitions between `borders`, whose data had these `marks`."""

    runner: str
    name: str
    id: str | None
    place: Mapping[str, str]
    rollup: str
    versions: Mapping[str, int]
    borders: tuple[int, ...]
    marks: tuple[str, ...]

    @property
    def url(self) -> str | None:
        """Its page for people, where it has one."""
        return self.place.get("url")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """A job. `by` is `host/process/start/run`; times are in seconds since 1970, `seen` when its process last told of itself.
    `done` of `total` partitions, `note` what it is at. `cancel`: somebody wants it to stop. `detached`: its process left it
    to go on elsewhere. `problem` is what ended it."""

    id: str
    by: str
    rollups: tuple[str, ...]
    builder: str
    began: float
    seen: float
    done: int = 0
    total: int = 0
    note: str | None = None
    cancel: bool = False
    detached: bool = False
    ended: float | None = None
    problem: Problem | None = None
    remotes: tuple[Remote, ...] = ()

    def state(self, now: float) -> JobState:
        """What it is at a moment, as far as this machine can tell."""
        if self.ended is not None:
            if self.problem is None:
                return JobState.DONE
            return JobState.CANCELLED if self.problem.code == "cancelled" else JobState.FAILED
        if self.detached:
            return JobState.DETACHED
        if self.is_lost(now):
            return JobState.LOST
        return JobState.CANCELLING if self.cancel else JobState.RUNNING

    def is_lost(self, now: float) -> bool:
        """Nobody here or elsewhere runs it any more."""
        if owner.is_of_this_machine(self.by):
            return owner.is_gone(self.by)
        return now - self.seen > STALE_SECONDS

    def as_dict(self, now: float) -> dict[str, Any]:
        """The job as JSON-ready data; `by` is host and process."""
        return {
            "id": self.id,
            "state": str(self.state(now)),
            "builder": self.builder,
            "rollups": list(self.rollups),
            "began": utc_iso(int(self.began * 1e6)),
            "seen": utc_iso(int(self.seen * 1e6)),
            "ended": None if self.ended is None else utc_iso(int(self.ended * 1e6)),
            "done": self.done,
            "total": self.total,
            "note": self.note,
            "by": owner.where(self.by),
            "here": owner.is_here(self.by),
            "problem": None if self.problem is None else self.problem.as_dict(),
            "remotes": [
                {"runner": one.runner, "name": one.name, "id": one.id, "rollup": one.rollup, "url": one.url}
                for one in self.remotes
            ],
        }


Change = Callable[[JobRecord], JobRecord]


class Jobs:
    """The jobs of one store. Safe to use from several threads and processes."""

    def __init__(self, store: RollupStore) -> None:
        self._store = store

    def all(self) -> list[JobRecord]:
        """All on record, the latest first.

        Raises:
            StoreError: the store can't be read.
        """
        prefix = jobs_prefix()
        found = (_decode(row) for _, row in self._store.scan(prefix, prefix_end(prefix)))
        return sorted((job for job in found if job is not None), key=lambda job: (-job.began, job.id))

    def alone(self, now: float) -> list[JobRecord]:
        """Those that no process runs any more, and that have not ended. Raises as `all`."""
        return [job for job in self.all() if job.state(now) in ALONE]

    def get(self, name: str) -> JobRecord:
        """The job whose id is, or alone begins with, `name`.

        Raises:
            NotFound: none, with the nearest; Conflict: several.
        """
        every = self.all()
        found = [job for job in every if job.id.startswith(name)] if name else []
        if len(found) > 1:
            says = f"Several jobs begin with {name}: {', '.join(job.id for job in found)}."
            raise Conflict.of("several-jobs", says, hint="Give more of the id.")
        if not found:
            near = nearest(name, [job.id for job in every])
            hint = "`lapwing jobs list` tells which there are."
            raise NotFound.of("unknown-job", f"There is no job {name}.", nearest=near, hint=hint)
        return found[0]

    def add(self, job: JobRecord) -> None:
        """Puts a new job on record, and takes the oldest off.

        Raises:
            StoreError: no room.
        """
        self._store.compare_and_set(_key(job.id), None, _encode(job))
        for old in [one for one in self.all() if one.ended is not None][KEPT:]:
            self._store.delete_prefix(_key(old.id))

    def change(self, name: str, change: Change) -> JobRecord | None:
        """Applies `change` to the row of a job, atomically; the job as it then is, None where there is none any more.

        Raises:
            StoreError: no room.
        """
        for _ in range(_TRIES):
            (row,) = self._store.get([_key(name)])
            job = None if row is None else _decode(row)
            if job is None:
                return None
            changed = change(job)
            if changed == job or self._store.compare_and_set(_key(name), row, _encode(changed)):
                return changed
        return None


def with_remote(job: JobRecord, remote: Remote) -> JobRecord:
    """The job with a remote; it takes the place of one of its name."""
    others = tuple(one for one in job.remotes if one.name != remote.name)
    return replace(job, remotes=(*others, remote))


def _key(name: str) -> bytes:
    return jobs_prefix() + name.encode()


_NAMES = frozenset(field.name for field in fields(JobRecord))


def _encode(job: JobRecord) -> bytes:
    row = asdict(replace(job, problem=None)) | {"problem": job.problem.as_dict() if job.problem else None}
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode()


def _decode(row: bytes) -> JobRecord | None:
    try:
        read = {name: value for name, value in json.loads(row).items() if name in _NAMES}
        told = read.pop("problem")
        problem = None if told is None else Problem.of_dict(told)
        remotes = tuple(
            Remote(**one | {"borders": tuple(one["borders"]), "marks": tuple(one["marks"])})
            for one in read.pop("remotes")
        )
        return JobRecord(**read | {"rollups": tuple(read["rollups"])}, problem=problem, remotes=remotes)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
