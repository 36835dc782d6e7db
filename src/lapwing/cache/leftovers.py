"""Work that a lost build began elsewhere and that goes on there, taken up by a later build instead of being done again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from lapwing.cache.jobs import JobRecord, Jobs, Remote
from lapwing.cache.ledger import Ledger
from lapwing.cache.partition import Building
from lapwing.model.problem import Problem


@dataclass(slots=True, eq=False)
class Leftovers:
    """`left`: remotes that live, with the job that began each and has no process any more. `taken`: those that this build
    goes on with; `follows`: it can."""

    left: tuple[tuple[JobRecord, Remote], ...] = ()
    follows: bool = True
    taken: list[Remote] = field(default_factory=list)

    def keeps(self, building: Building) -> bool:
        """Whether what is reserved is still being written, though its owner is gone."""
        return any(job.by == building.owner and _writes(remote, building) for job, remote in self.left)

    def adopt(
        self, ledgers: Sequence[Ledger], borders: Sequence[int], marks: Sequence[str], by: str
    ) -> list[list[int]] | None:
        """The versions that are being written of just these partitions of just these rollups, from data of the same marks;
        from now on they are reserved by `by`. None where there are none."""
        for job, remote in self.left if self.follows else ():
            at = _place(remote, {one.id.hex() for one in ledgers}, borders, marks)
            if at is None or remote in self.taken:
                continue
            firsts = [remote.versions[one.id.hex()] + at for one in ledgers]
            count = len(borders) - 1
            taken = [one.pass_on(first, count, job.by, by) for one, first in zip(ledgers, firsts, strict=True)]
            if all(taken):
                self.taken.append(remote)
                return [list(range(first, first + count)) for first in firsts]
        return None

    def of(self, rollup: bytes, version: int) -> Remote | None:
        """The one taken that writes this version."""
        for remote in self.taken:
            first = remote.versions.get(rollup.hex())
            if first is not None and first <= version < first + len(remote.borders) - 1:
                return remote
        return None


def leftovers(jobs: Jobs, lives: Callable[[Remote], bool | None]) -> Leftovers:
    """What there is; `lives` looks where it runs (None: it can't look there). Jobs of which nothing goes on are ended.

    Raises:
        StoreError: the store can't be read. SourceError: where it runs does not answer.
    """
    left: list[tuple[JobRecord, Remote]] = []
    for job in jobs.alone(time.time()):
        found = [(remote, lives(remote)) for remote in job.remotes]
        left += [(job, remote) for remote, living in found if living]
        if all(living is False for _, living in found):
            _end(jobs, job, "Its process was gone, and nothing of it went on.")
    return Leftovers(tuple(left))


def remembered(jobs: Jobs) -> Leftovers:
    """What there may be, for a build that goes on with nothing of it: it is kept as far as nobody builds the same.

    Raises:
        StoreError: the store can't be read.
    """
    leftovers(jobs, lambda _: None)  # ends those that began nothing elsewhere
    leftovers(jobs, lambda _: None)  # ends those that began nothing elsewhere
    recent = time.time() - _DAYS_KEPT * 86_400
    left = ((job, remote) for job in jobs.alone(time.time()) for remote in job.remotes if job.began > recent)
    return Leftovers(tuple(left), follows=False)


def close_lost(
    jobs: Jobs, found: Leftovers, mine: str, ledgers: Sequence[Ledger], cancel: Callable[[Remote], None]
) -> None:
    """Ends the records of jobs without a process with whose work this build went on, or which it gave up: that is cancelled
    then where it runs. What was about other rollups or another time is left as it is."""
    for job, remote in found.left:
        if remote in found.taken:
            continue
        if any(one.owner == job.by and _writes(remote, one) for ledger in ledgers for one in ledger.read().building):
            continue
        if any(ledger.id.hex() in remote.versions for ledger in ledgers):
            cancel(remote)
            found.taken.append(remote)
    for job in {job.id: job for job, _ in found.left}.values():
        if all(remote in found.taken for of, remote in found.left if of.id == job.id):
            _end(jobs, job, f"Its process was gone; job {mine} went on from there.")


def _end(jobs: Jobs, job: JobRecord, says: str) -> None:
    jobs.change(job.id, lambda there: replace(there, ended=time.time(), problem=Problem("lost", says)))


_DAYS_KEPT = 2
"""A job on Dataflow takes hours, not days."""


def _writes(remote: Remote, building: Building) -> bool:
    count = len(remote.borders) - 1
    return any(first <= building.first < first + count for first in remote.versions.values()) and (
        building.start in remote.borders
    )


def _place(remote: Remote, rollups: set[str], borders: Sequence[int], marks: Sequence[str]) -> int | None:
    """Where in the remote's partitions these begin; None where it is about others, or of other data."""
    if remote.versions.keys() != rollups or borders[0] not in remote.borders:
        return None
    at = remote.borders.index(borders[0])
    until = at + len(borders)
    same = remote.borders[at:until] == tuple(borders) and remote.marks[at : until - 1] == tuple(marks)
    return at if same else None
