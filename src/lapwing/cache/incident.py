"""Where a rollup was found to differ from its source: kept in the store until it is built again and found equal."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from lapwing.cache.compare import Compared, Difference
from lapwing.cache.keys import incidents_prefix, moment_key, prefix_end
from lapwing.cache.slice import Slice
from lapwing.cache.stores.base import RollupStore
from lapwing.model.calendar import utc_iso
from lapwing.model.problem import Conflict, LapwingError

_FORMAT: Final = 1
_KEPT_SECONDS: Final = 90 * 86_400.0
"""For which resolved ones are remembered."""
_TRIES: Final = 50
_U64: Final = struct.Struct(">Q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A partition, `[start, end)` in UTC microseconds, whose states were not those of the source, both as of one moment.

    `version`, built by `builder` at `built_at` from a source with `mark`, is the one found last, in `slice`: of `cells`
    cells `differing` differ, `differences` are the first of them. `times` counts the versions that did. Moments are seconds
    since 1970; `says` is that in words; `resolved` (None: it is open) is when, and `resolution` how it ended."""

    id: str
    rollup: str
    rollup_id: bytes
    start: int
    end: int
    version: int
    builder: str
    built_at: float
    mark: str
    slice: Slice
    cells: int
    differing: int
    differences: tuple[Difference, ...]
    says: str
    opened: float
    seen: float
    times: int = 1
    resolved: float | None = None
    resolution: str | None = None

    @property
    def state(self) -> str:
        return "open" if self.resolved is None else "resolved"


HINT: Final = "`lapwing build` replaces the partition; `lapwing rollups audit --repair` does, and looks again."
"""What to do about an open one."""


def told(compared: Compared) -> str:
    """A difference in words, both numbers in them."""
    first = compared.shown[0]
    group = ", ".join(f"{name} {value}" for name, value in first.group.items())
    where = f"{first.measure}{f' of {group}' if group else ''} at {utc_iso(first.start)}"
    counts = f"{compared.differing} of {compared.cells} cells differ."
    if first.says:
        return f"{where} differs. {first.says} {counts}"
    return f"{where} is {first.kept}, at the source {first.source}. {counts}"


class Incidents:
    """Those of one store. Safe to use from several threads and processes: each change is made only to what it was made
    from."""

    def __init__(self, store: RollupStore) -> None:
        self._store = store

    def all(self) -> tuple[Incident, ...]:
        """Every incident, the latest first.

        Raises:
            StoreError: the store can't be read.
        """
        return tuple(sorted((one for _, _, one in self._rows()), key=lambda one: -one.opened))

    def open(self) -> tuple[Incident, ...]:
        """The open ones, the earliest first."""
        return tuple(reversed([one for one in self.all() if one.resolved is None]))

    def open_of(self, rollup: bytes, start: int) -> tuple[Incident, ...]:
        """The open ones of a partition, by the rollup's id and the partition's start."""
        return tuple(one for _, _, one in self._rows(_partition(rollup, start)) if one.resolved is None)

    def report(self, found: Incident) -> Incident:
        """Opens an incident, or notes in the partition's open one what was found now.

        Raises:
            Conflict: others change it all the time. StoreError: no room.
        """
        partition = _partition(found.rollup_id, found.start)
        key = partition + _U64.pack(found.version)  # so that two who find it at once open one incident
        for _ in range(_TRIES):
            still = next(((at, row, one) for at, row, one in self._rows(partition) if one.resolved is None), None)
            if still is None:
                (row,) = self._store.get([key])
                if self._store.compare_and_set(key, row, _encode(found)):
                    return found
                continue
            at, row, one = still
            again = replace(found, id=one.id, opened=one.opened, times=one.times + (one.version != found.version))
            if self._store.compare_and_set(at, row, _encode(again)):
                return again
        raise _busy(found)

    def resolve(self, incident: Incident, resolution: str) -> Incident | None:
        """Ends an open incident; None where someone else has, or it is gone. Raises as `report` does."""
        partition = _partition(incident.rollup_id, incident.start)
        for _ in range(_TRIES):
            rows = ((at, row, one) for at, row, one in self._rows(partition) if one.id == incident.id)
            found = next(((at, row, one) for at, row, one in rows if one.resolved is None), None)
            if found is None:
                return None
            at, row, one = found
            ended = replace(one, resolved=time.time(), resolution=resolution)
            if self._store.compare_and_set(at, row, _encode(ended)):
                return ended
        raise _busy(incident)

    def sweep(self, now: float) -> None:
        """Forgets those that were resolved long ago."""
        for key, _, one in self._rows():
            if one.resolved is not None and now - one.resolved > _KEPT_SECONDS:
                self._store.delete_prefix(key)

    def _rows(self, prefix: bytes | None = None) -> Iterator[tuple[bytes, bytes, Incident]]:
        """The rows of all incidents, or of those below a prefix."""
        prefix = prefix or incidents_prefix()
        for key, row in list(self._store.scan(prefix, prefix_end(prefix))):
            one = _decode(row)
            if one is not None:
                yield key, row, one


def _busy(one: Incident) -> LapwingError:
    return Conflict.of("incident-busy", f"Others keep changing an incident of {one.rollup}.", hint="Try again.")


def _partition(rollup: bytes, start: int) -> bytes:
    return incidents_prefix() + rollup + moment_key(start)


def new_id(rollup_id: bytes, start: int, opened: float) -> str:
    """What an incident is called: unique, and short enough to be typed."""
    return (rollup_id[:3] + moment_key(start)[2:5] + moment_key(int(opened * 1e6))[4:]).hex()


def _encode(incident: Incident) -> bytes:
    row = {**asdict(incident), "rollup_id": incident.rollup_id.hex()}
    return json.dumps({"format": _FORMAT, "incident": row}, separators=(",", ":"), ensure_ascii=False).encode()


def _decode(row: bytes) -> Incident | None:
    """None where it is damaged, or another Lapwing wrote it: it is then as if it were not there."""
    try:
        read = json.loads(row)
        if read["format"] != _FORMAT:
            return None
        given: dict[str, Any] = read["incident"]
        given["rollup_id"] = bytes.fromhex(given["rollup_id"])
        given["slice"] = Slice(**given["slice"])
        given["differences"] = tuple(Difference(**one) for one in given["differences"])
        return Incident(**given)
    except (KeyError, TypeError, ValueError):
        return None
