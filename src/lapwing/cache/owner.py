"""Who is building: told apart so that what a dead process left behind is removed, and what a living one writes is not."""

from __future__ import annotations

import os
import platform
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lapwing.cache.partition import Building
from lapwing.model.calendar import utc_iso

ABANDONED_AFTER = 24 * 3600.0
"""Seconds after which a build on another machine counts as dead. One that lives on after all can't publish what it then
writes: its version is no longer in the manifest."""

_running: set[str] = set()


@contextmanager
def owner() -> Iterator[str]:
    """A name for one run of a build in this process, `host/process/start/run`."""
    name = f"{platform.node()}/{os.getpid()}/{_started(os.getpid())}/{secrets.token_hex(4)}"
    _running.add(name)
    try:
        yield name
    finally:
        _running.discard(name)


def is_dead(building: Building, now: float) -> bool:
    """Whether nobody writes this version any more."""
    if not is_of_this_machine(building.owner):
        return now - building.since > ABANDONED_AFTER
    return is_gone(building.owner)


def is_of_this_machine(name: str) -> bool:
    """Whether a run of this name is, or was, on this machine."""
    return name.rsplit("/", 3)[0] == platform.node()


def where(name: str) -> str:
    """Host and process of a run, for people."""
    return "/".join(name.rsplit("/", 3)[:2])


def is_gone(name: str) -> bool:
    """Whether the run of this name, which was one of this machine, is over."""
    _, process, started, _ = name.rsplit("/", 3)
    if int(process) == os.getpid():
        return name not in _running
    return _started(int(process)) != started


def is_here(name: str) -> bool:
    """Whether this is the name of a run in this process, be it over."""
    return name.rsplit("/", 1)[0] == f"{platform.node()}/{os.getpid()}/{_started(os.getpid())}"


def run_of(name: str) -> str:
    """The part of a name that tells runs apart."""
    return name.rpartition("/")[2]


def told(building: Building) -> str:
    """Who builds, in words."""
    host, process, _, _ = building.owner.rsplit("/", 3)
    where = "" if host == platform.node() else f" on {host}"
    return f"process {process}{where} since {utc_iso(int(building.since) * 1_000_000)}"


def _started(process: int) -> str:
    """When a process began, so that a number used again is not taken for the one before; "gone" where there is none."""
    stat = Path(f"/proc/{process}/stat")
    if stat.exists():
        try:
            return stat.read_text().rpartition(")")[2].split()[19]
        except (OSError, IndexError):
            return "gone"
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return "gone"
    except PermissionError:
        return "alive"
    return "alive"
