"""A pipeline under way, on any runner: begun in a thread, as some runners come back only at the end."""

from __future__ import annotations

import threading
from typing import Any

from lapwing.cache.builders.failures import found_in
from lapwing.model.failing import Caught
from lapwing.model.problem import LapwingError, SourceError

_WAIT_SECONDS = 30.0


class Running:
    """Runs `pipeline` at once. It ends with this process."""

    begun = False

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self._result: Any = None
        self._stop = False
        self._lock = threading.Lock()
        self.error: BaseException | None = None
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="beam", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with Caught() as caught:  # a runner raises whatever its workers did; `failure` says what it was
            result = self._pipeline.run()
            with self._lock:
                self._result = result
                stop = self._stop
            if stop:
                self._cancel()
            result.wait_until_finish()
        self.error = caught.error
        self.ended.set()

    def failure(self) -> LapwingError | None:
        """Why it ended, where a worker told one of our errors."""
        return None if self.error is None else _ours(self.error)

    def lost(self, name: str) -> LapwingError:
        """The error of a pipeline that failed for another reason: its runner, its workers, its machines."""
        lines = [line.strip() for line in str(self.error).splitlines() if line.strip()]
        says = lines[-1][:300] if lines else type(self.error).__name__
        return SourceError.of(
            "pipeline-failed",
            f"The pipeline that builds {name} failed: {says.rstrip('.')}.",
            hint="See the runner's log; build again to go on from what was published.",
        )

    def stop(self) -> None:
        """Cancels it where it still runs, waits for its end, not forever, and closes a runner of its own."""
        with self._lock:
            self._stop = True
            running = self._result is not None and not self.ended.is_set()
        if running:
            self._cancel()
        self.ended.wait(_WAIT_SECONDS)
        close = getattr(self._pipeline.runner, "close", None)
        if close is not None:
            close()

    def _cancel(self) -> None:
        try:
            self._result.cancel()
        except (NotImplementedError, RuntimeError, OSError):  # those that can't, and those that are gone
            return

    def counters(self) -> dict[str, int]:
        """What workers counted so far, by name; nothing where the runner does not tell before the end."""
        from apache_beam.metrics.metric import MetricsFilter
        from grpc import RpcError

        from lapwing.cache.builders.beam.steps import COUNTERS

        with self._lock:
            result = self._result
        if result is None:
            return {}
        try:
            if hasattr(result, "_metrics"):  # portable results ask once and keep the answer
                result._metrics = None
            found = result.metrics().query(MetricsFilter().with_namespace(COUNTERS))["counters"]
        except (RpcError, RuntimeError, ValueError, AttributeError):  # it does not tell, or not any more
            return {}
        return {one.key.metric.name: int(one.attempted or one.committed or 0) for one in found}


def _ours(error: BaseException) -> LapwingError | None:
    """One of our errors in the chain of a runner's, or in its words."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, LapwingError):
            return seen
        found = found_in(str(seen))
        if found is not None:
            return found
        seen = seen.__cause__ or seen.__context__
    return None
