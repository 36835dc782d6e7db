"""Stopping a job from wherever one is: its process is asked; where it has none, what it left is cleared away."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from lapwing.cache.jobs import ALONE, ENDED, JobRecord, Jobs, Remote
from lapwing.cache.ledger import all_ledgers
from lapwing.cache.stores.base import RollupStore
from lapwing.model.problem import Conflict, Problem

_POLL_SECONDS = 0.2


def stop_job(
    store: RollupStore, jobs: Jobs, name: str, cancel: Callable[[Remote], None], *, wait: float = 10.0
) -> JobRecord:
    """Asks a job to stop and waits, for so many seconds, until it has; the job as it then is. Where it has no process any
    more, all that goes on elsewhere is cancelled, and what it reserved is given up, so that nobody waits for it.

    Raises:
        NotFound: no such job. Conflict: it has ended already. SourceError: where its work goes on does not answer.
    """
    job = jobs.get(name)
    if job.state(time.time()) in ENDED:
        raise Conflict.of("job-ended", f"Job {job.id} has ended: it is {job.state(time.time())}.")
    jobs.change(job.id, lambda there: replace(there, cancel=True))
    until = time.monotonic() + wait
    while True:
        job = jobs.get(job.id)
        state = job.state(time.time())
        if state in ALONE:
            return _cleared(store, jobs, job, cancel)
        if state in ENDED or time.monotonic() > until:
            return job
        time.sleep(_POLL_SECONDS)


def _cleared(store: RollupStore, jobs: Jobs, job: JobRecord, cancel: Callable[[Remote], None]) -> JobRecord:
    for remote in job.remotes:
        cancel(remote)
    for ledger in all_ledgers(store):
        versions = [one.first for one in ledger.read().building if one.owner == job.by]
        if versions:
            ledger.give_up(versions)
    problem = Problem("cancelled", "It was cancelled when its process was gone.")
    return jobs.change(job.id, lambda there: replace(there, ended=time.time(), problem=problem)) or job
