"""A thread of the server that tells people of incidents."""

from __future__ import annotations

import threading

import structlog

from lapwing.model.problem import LapwingError, Problem
from lapwing.server.services import Services

EVERY = 5.0
"""Seconds between two looks at what is new or due."""
_log = structlog.get_logger("lapwing.server")


class Delivering:
    """Sends what is due, while anybody wants to be told of anything. What can't be sent now is tried again."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._told: tuple[Problem, ...] = ()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lapwing-delivering", daemon=True)

    def start(self) -> None:
        if self._services.lapwing.project.delivery.subscriptions:
            self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended, or after ten seconds: what is being sent then is claimed, and sent again with
        the same key by whoever comes next."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(10)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._look()
                self._stop.wait(EVERY)
        finally:
            if not self._stop.is_set():  # a fault of ours; Python's hook for threads logs it
                says = "The server no longer tells people of incidents; its log tells why."
                self._services.trouble = (Problem("delivering-ended", says, hint="Start the server again."),)

    def _look(self) -> None:
        """Sends what is due. What keeps it from doing so is logged once."""
        try:
            for done in self._services.deliveries.run(self._stop):
                if done.state in ("failed", "waiting"):
                    _log.warning("a message did not go out", channel=done.channel, why=done.trouble)
            self._told = ()
        except LapwingError as error:  # such as a state database that somebody holds
            if error.problems != self._told:
                _log.warning("messages are not sent", problems=[str(problem) for problem in error.problems])
            self._told = error.problems
