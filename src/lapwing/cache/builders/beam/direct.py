"""The runner direct, where Beam's own has two faults that matter here. Importing this mends them for the whole process.

Between threads and processes Beam sends what waits once a second, from a thread of its own that clears the buffer a moment
after it has read it: what a worker writes in that moment is lost. Here it is sent by size alone, as on other runners. And it
waits for ever for a worker's process that was killed; here its pipeline fails, if the worker had begun.
"""

from __future__ import annotations

import threading
from typing import Any, Final

from apache_beam.portability import python_urns
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner, worker_handlers
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    ControlFuture,
    SubprocessSdkWorkerHandler,
    WorkerHandler,
)
from apache_beam.runners.portability.local_job_service import SubprocessSdkWorker

worker_handlers.DATA_BUFFER_TIME_LIMIT_MS = 0  # milliseconds; 0: no thread sends

__all__ = ["FnApiRunner"]

LOST: Final = "A worker of the pipeline died"


@WorkerHandler.register_environment(python_urns.SUBPROCESS_SDK, bytes)
class WatchedWorker(SubprocessSdkWorkerHandler):  # type: ignore[misc]
    """Answers what a dead worker was asked, and is still asked, with an error."""

    _dead = False

    def start_worker(self) -> None:
        self.worker = SubprocessSdkWorker(
            self._worker_command_line, self.control_address, self.provision_info, self.worker_id
        )
        self.worker_thread = threading.Thread(name="run_worker", target=self._run, daemon=True)
        self.worker_thread.start()

    def push(self, req: Any) -> Any:
        future = super().push(req)
        if self._dead and isinstance(future, ControlFuture):
            self._answer()
        return future

    def _run(self) -> None:
        try:
            self.worker.run()
        except RuntimeError:  # it did not end by itself
            self._dead = True
            self._answer()

    def _answer(self) -> None:
        waiting = self.control_conn._futures_by_id
        for number in list(waiting):
            future = waiting.pop(number, None)
            if future is not None:
                future.set(beam_fn_api_pb2.InstructionResponse(instruction_id=number, error=LOST))
