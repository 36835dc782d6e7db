"""A job of Dataflow, followed from its submission, or from wherever it is, to its end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from lapwing.cache.builders.beam.dataflow_api import DONE, LIVE, Dataflow, console
from lapwing.cache.builders.failures import found_in
from lapwing.model.failing import Caught
from lapwing.model.problem import LapwingError, SourceError

POLL_SECONDS: Final = 5.0
_AWAY_SECONDS: Final = 600.0
"""For which Dataflow may not answer: its job goes on meanwhile."""
_STOP_SECONDS: Final = 30.0


class FollowedJob:
    """Begun in a thread by `begin`, which gives the job's id. Has the ways of `Running`."""

    def __init__(self, api: Dataflow, place: dict[str, str], begin: Callable[[], str]) -> None:
        self._api = api
        self._place = place
        self._begin = begin
        self._poll = POLL_SECONDS
        self._stop = threading.Event()
        self._id: str | None = None
        self.begun = False
        self.error: LapwingError | None = None
        self.ended = threading.Event()
        threading.Thread(target=self._run, name="dataflow", daemon=True).start()

    def _run(self) -> None:
        with Caught() as caught:
            self._id = self._begin()
            self.begun = True
            self._follow(self._id)
        self.error = None if caught.error is None else _told(caught.error)
        self.ended.set()

    def _follow(self, number: str) -> None:
        """Returns when the job has ended well; asks it to end where `stop` was called."""
        away, asked = 0.0, False
        while True:
            if self._stop.is_set() and not asked:
                self._api.cancel(number)
                asked = True
            try:
                state, away = self._api.state(number), 0.0
            except LapwingError as error:
                away += self._poll
                if error.problems[0].code != "runner-unreachable" or away > _AWAY_SECONDS:
                    raise
                state = ""
            if state in DONE:
                return
            if state and state not in LIVE and state != "CANCELLING":
                raise self._ended(number, state)
            (self.ended if asked else self._stop).wait(self._poll)

    def _ended(self, number: str, state: str) -> LapwingError:
        """Why a job did not end well: our own error, where a worker told one."""
        said = self._api.errors(number)
        ours = next((error for text in reversed(said) if (error := found_in(text)) is not None), None)
        if ours is not None:
            return ours
        last = (
            said[-1].strip().splitlines()[-1][:300].rstrip(".") if said and said[-1].strip() else "it does not say why"
        )
        what = "was cancelled there" if state == "CANCELLED" else f"ended as {state}: {last}"
        return SourceError.of(
            "pipeline-cancelled" if state == "CANCELLED" else "pipeline-failed",
            f"Dataflow's job {number} {what}.",
            hint=f"See {console(self._place, number)}; build again to go on from what was published.",
        )

    def failure(self) -> LapwingError | None:
        """Why it ended, where trying again would not help."""
        again = self.error is None or self.error.problems[0].code == "pipeline-failed"
        return None if again else self.error

    def lost(self, name: str) -> LapwingError:
        """The error of a job that failed for another reason."""
        assert self.error is not None
        return self.error

    def counters(self) -> dict[str, int]:
        """What workers counted so far."""
        from lapwing.cache.builders.beam.steps import COUNTERS

        try:
            return {} if self._id is None else self._api.counters(self._id, COUNTERS)
        except LapwingError:  # progress, and nothing else, is told by them
            return {}

    def stop(self) -> None:
        """Asks it to end where it still runs, and waits a while until it has."""
        self._stop.set()
        self.ended.wait(_STOP_SECONDS)


def _told(error: BaseException) -> LapwingError:
    if isinstance(error, LapwingError):
        return error
    # Beam raises whatever it met on the way to a submission.
    says = " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__
    hint = "Build again; what was published stays."
    return SourceError.of("pipeline-failed", f"The job could not be submitted: {says}.", hint=hint)
