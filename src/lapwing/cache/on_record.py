"""Keeps a running job's row up to date, and hears from it when somebody wants the job to stop."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from lapwing.cache.jobs import JobRecord, Jobs, Remote, with_remote
from lapwing.cache.progress import BuildProgress
from lapwing.model.problem import Conflict, LapwingError, Problem, StoreError

QUICK_SECONDS: Final = 1.0
"""What is over by then leaves no row: nobody could have looked at it."""
BEAT_SECONDS: Final = 2.0


class Entry:
    """The row of a job that runs in this process; written late, and at once where it begins something elsewhere."""

    def __init__(self, jobs: Jobs, job: JobRecord, cancel: threading.Event) -> None:
        self._jobs = jobs
        self._job = job
        self._cancel = cancel
        self._written = False
        self._lock = threading.Lock()

    def told(self, progress: BuildProgress) -> None:
        """How far it is; written with the next beat."""
        note = f"{progress.rollup}: {progress.note}" if progress.note else progress.rollup
        with self._lock:  # what is begun elsewhere meanwhile, by another thread, stays in it
            self._job = replace(self._job, done=progress.done, total=progress.total, note=note)

    def begins(self, remote: Remote) -> None:
        """Something begins elsewhere, or has its id now: on record when this returns.

        Raises:
            StoreError: the store can't be written, and what is begun could not be found again.
        """
        with self._lock:
            self._job = with_remote(self._job, remote)
            self._write()

    def beat(self) -> None:
        """Writes how far it is, and hears whether it should stop. Best effort: a job is no worse for a lost beat."""
        with contextlib.suppress(StoreError, Conflict), self._lock:
            self._job = replace(self._job, seen=time.time())
            self._write()

    def ended(self, problem: Problem | None) -> None:
        """It is over; quick ones leave no row."""
        if self._written:
            with self._lock:
                ended = None if self._job.detached else time.time()
                self._job = replace(self._job, ended=ended, problem=problem)
            self.beat()

    def detach(self) -> None:
        """Something that was begun elsewhere is left to go on there."""
        with self._lock:
            self._job = replace(self._job, detached=True)

    def _write(self) -> None:
        mine = self._job
        if not self._written:
            self._jobs.add(mine)
            self._written = True
            return
        found = self._jobs.change(mine.id, lambda there: replace(mine, cancel=there.cancel))
        if found is not None and found.cancel:
            self._cancel.set()


@contextmanager
def on_record(jobs: Jobs, job: JobRecord, cancel: threading.Event) -> Iterator[Entry]:
    """A job is on record while the block runs, and how it ended afterwards. `cancel` is set when somebody wants it to stop."""
    entry, over = Entry(jobs, job, cancel), threading.Event()

    def beat() -> None:
        wait = QUICK_SECONDS
        while not over.wait(wait):
            entry.beat()
            wait = BEAT_SECONDS

    thread = threading.Thread(target=beat, name="lapwing-job", daemon=True)
    thread.start()
    problem: Problem | None = Problem("stopped", "It stopped for a reason that it could not tell.")
    try:
        yield entry
        problem = None
    except LapwingError as error:
        problem = error.problems[0]
        raise
    except KeyboardInterrupt:
        problem = Problem("cancelled", "It was interrupted.")
        raise
    finally:
        over.set()
        thread.join()
        entry.ended(problem)
