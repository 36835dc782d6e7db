"""What was seen of a dataset at earlier looks, as far as later ones need it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from lapwing.alerts.data.constants import RHYTHM_DAYS, RHYTHM_LEAST, RHYTHM_ROOM
from lapwing.alerts.ready.constants import DAY

_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A change of the table's columns, seen at `at`. `gone` are columns that the dataset uses and that are there no more;
    `severe`: it uses one that is gone or of another type."""

    at: int
    says: str
    severe: bool
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`newest` is the end of the newest data (UTC microseconds). `peaks`: by day, how old it was at most before it moved on,
    which it did `moves` times. `columns`: the table's, with types, and `changed` their last change. `troubles` counts the
    looks in a row at which the source did not answer, since `trouble_since`."""

    newest: int | None = None
    peaks: Mapping[int, int] = field(default_factory=dict)
    moves: int = 0
    columns: Mapping[str, str] | None = None
    changed: Changed | None = None
    troubles: int = 0
    trouble_since: int | None = None

    @property
    def limit(self) -> int | None:
        """How old the newest data may be by what was seen (microseconds); None while too little was."""
        if self.moves < RHYTHM_LEAST or not self.peaks:
            return None
        return int(max(self.peaks.values()) * RHYTHM_ROOM)

    def moved(self, at: int, newest: int | None) -> Seen:
        """After a look at a moment at which the data ended at `newest`."""
        if newest is None or newest == self.newest:
            return self
        if self.newest is None or newest < self.newest:
            return replace(self, newest=newest)
        age = at - self.newest
        # What was told as too old does not become usual by that alone.
        age = age if self.limit is None else min(age, self.limit)
        day = at // DAY
        peaks = {key: peak for key, peak in self.peaks.items() if key > day - RHYTHM_DAYS}
        peaks[day] = max(age, peaks.get(day, 0))
        return replace(self, newest=newest, peaks=peaks, moves=self.moves + 1)

    def pack(self) -> bytes:
        """To be kept."""
        return json.dumps([_FORMAT, asdict(self)]).encode()


def unpack(data: bytes | None) -> Seen:
    """What `Seen.pack` kept; nothing where another Lapwing did."""
    form, found = (0, None) if data is None else json.loads(data)
    if form != _FORMAT or found is None:
        return Seen()
    changed = found.pop("changed")
    peaks = {int(day): peak for day, peak in found.pop("peaks").items()}
    told = None if changed is None else Changed(**{**changed, "gone": tuple(changed["gone"])})
    return Seen(**found, peaks=peaks, changed=told)
