"""Errors that nobody foresaw, the same at every door: the log has all of it, under a number that the client is told."""

from __future__ import annotations

import uuid

import structlog

from lapwing.model.problem import LapwingError

_log = structlog.get_logger("lapwing.server")


def known(error: BaseException, **where: str) -> LapwingError:
    """The error itself where it is one of ours; else what the client is told of it. `where` it happened is logged."""
    if isinstance(error, LapwingError):
        return error
    number = uuid.uuid4().hex[:12]
    _log.error("unexpected", id=number, error=type(error).__name__, exc_info=error, **where)
    says = f"Lapwing stumbled. The server's log tells more under {number}."
    return LapwingError.of("unexpected", says, hint="Please report it with that part of the log.")
