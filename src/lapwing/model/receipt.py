"""The receipt: how an answer came about. Every answer carries one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One named check of the router on one rollup."""

    check: str
    passed: bool
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """A rollup that might have answered, and the checks on it. `chosen` for those that did."""

    rollup: str
    chosen: bool
    reasons: tuple[Reason, ...]


class Reasons(Sequence[Considered]):
    """What was considered, worked out when it is first looked at: an answer does not wait for what nobody reads.
    `work_out` is told how many are wanted (None: all), of which the chosen and the nearest come first."""

    def __init__(self, work_out: Callable[[int | None], tuple[Considered, ...]], total: int) -> None:
        self._work_out = work_out
        self._total = total

    @cached_property
    def _all(self) -> tuple[Considered, ...]:
        return self._work_out(None)

    @classmethod
    def joined(cls, parts: Sequence[Sequence[Considered]]) -> Reasons:
        """All of `parts`, one after the other."""

        def work_out(most: int | None) -> tuple[Considered, ...]:
            found = tuple(one for part in parts for one in first(part, most))
            return found if most is None else tuple(sorted(found, key=lambda one: not one.chosen)[:most])

        return cls(work_out, sum(map(len, parts)))

    def first(self, most: int | None) -> Sequence[Considered]:
        """The chosen ones and those nearest to it, `most` at most."""
        return self._all if most is None or self._total <= most else self._work_out(most)

    def __len__(self) -> int:
        return self._total

    def __iter__(self) -> Iterator[Considered]:
        return iter(self._all)

    @overload
    def __getitem__(self, index: int) -> Considered: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Considered, ...]: ...
    def __getitem__(self, index: int | slice) -> Considered | tuple[Considered, ...]:
        return self._all[index]


def first(considered: Sequence[Considered], most: int | None) -> Sequence[Considered]:
    """The first `most` of what was considered (None: all); no more than these are worked out."""
    return considered.first(most) if isinstance(considered, Reasons) else considered[:most]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One part of the answer. `by` is "rollup", "by-product" (of the dataset `name`: what an answer before
    left behind), "kept result" (of a statement, told again), "kept rows" (that another statement read lately) or "source";
    `name` says which; `sql` is what a source was sent, statement after statement. `stretches` are the half-open times it
    answered for (UTC ISO 8601), and `measures` those it answered; `estimated_keys` and `estimated_bytes` are what it was
    chosen by. `as_of`: the rows are those of that moment, for a rollup of the oldest of its partitions; `store` is where it
    was read. `jobs` are the ids of what ran at a source that charges, with the bytes that are billed for it and the
    milliseconds of slots it took."""

    by: str
    name: str
    keys: int = 0
    rows: int = 0
    bytes: int = 0
    sql: str | None = None
    versions: tuple[str, ...] = ()
    stretches: tuple[tuple[str, str], ...] = ()
    measures: tuple[str, ...] = ()
    estimated_keys: float | None = None
    estimated_bytes: float | None = None
    as_of: str | None = None
    store: str | None = None
    jobs: tuple[str, ...] = ()
    bytes_billed: int = 0
    slot_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Times are UTC ISO 8601 texts. `data_until`: all data before it is in the answer. `missing`: half-open stretches of
    the asked time for which there is no data yet; then the answer is partial. `stale`: those for which the source is known
    to have what the answer has not. `milliseconds` by stage, and "total". `bounds`: for each approximate metric its error in
    words; empty means exact. `as_known_at`: the moment of which what was known then is told; None: now.
    """

    id: str
    asked: str
    start: str | None
    end: str | None
    zone: str
    grain: str | None
    pieces: tuple[Piece, ...]
    considered: Sequence[Considered]
    data_until: str | None
    missing: tuple[tuple[str, str], ...]
    bounds: Mapping[str, str]
    definitions: Mapping[str, str]
    milliseconds: Mapping[str, float]
    notes: tuple[str, ...] = ()
    as_known_at: str | None = None
    stale: tuple[tuple[str, str], ...] = ()

    @property
    def partial(self) -> bool:
        return bool(self.missing)

    def as_dict(self, most: int | None = None) -> dict[str, Any]:
        """The receipt as JSON-ready data, with `most` of the rollups considered (None: all) and how many they were."""
        plain = flat(self)
        plain["pieces"] = [flat(piece) for piece in self.pieces]
        plain["considered"] = considered_as_dicts(first(self.considered, most))
        return {**plain, "considered_total": len(self.considered), "partial": self.partial, "exact": not self.bounds}


def considered_as_dicts(considered: Iterable[Considered]) -> list[dict[str, Any]]:
    """JSON-ready."""
    return [{**flat(one), "reasons": [flat(reason) for reason in one.reasons]} for one in considered]


def flat(record: Reason | Considered | Piece | Receipt) -> dict[str, Any]:
    """The fields of a record as they are; `dataclasses.asdict` copies all that is in them, slowly."""
    return {name: getattr(record, name) for name in record.__slots__}
