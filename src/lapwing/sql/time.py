"""Time columns as UTC microseconds, and stretches of time as conditions, in the SQL of Lapwing's engine or another one.

No engine's own zones are used: they disagree about the hour that happens twice. The transitions of the asked stretch
are written as literals instead (design: a gap takes the offset before it, an overlap its first occurrence, as
`datetime` does with fold=0).
"""

from __future__ import annotations

from datetime import timedelta

from lapwing.model.calendar import FIRST, LAST, from_us, in_zone, transitions
from lapwing.sql.bound import BoundDataset
from lapwing.states.argument import argument_of
from lapwing.states.dialects import dialect_of

DAY = 86_400_000_000
# Rows outside the stretch must not be moved into it. No zone ever jumped by more than a day and a bit.
MARGIN = 3 * DAY
EARLIEST = -2_208_988_800_000_000  # 1900, before which zones kept local mean time
LATEST = 4_102_444_800_000_000  # 2100
ZONED = "TIMESTAMP WITH TIME ZONE"


def epoch_sql(
    column: str,
    time_type: str,
    zone: str | None,
    start: int | None = None,
    end: int | None = None,
    dialect: str = "duckdb",
) -> str:
    """The column as UTC microseconds (BIGINT), right for rows in [start, end); rows outside stay outside.

    A timestamptz has its own; a date is its midnight, a naive timestamp a wall clock, in `zone` (None: UTC).
    """
    local = _as_written(column, time_type, dialect)
    if zone is None or _is_zoned(time_type):
        return local
    first, steps = _offsets(zone, start, end)
    shown, cases = local, [(str(border), offset) for border, offset in steps]
    if dialect != "duckdb" and dialect_of(dialect).orders_times:
        # The column itself is a shorter text than its microseconds: of a century of them Trino compiles no statement.
        literals = [_literal(time_type, border, dialect) for border, _ in steps]
        written = [(one, offset) for one, (_, offset) in zip(literals, steps, strict=True) if one is not None]
        if len(written) == len(steps):
            shown, cases = column, written
    return f"({local} - {_case(shown, first, cases)})" if steps or first else local


def range_sql(bound: BoundDataset, start: int | None, end: int | None, dialect: str = "duckdb") -> str:
    """A condition that is true exactly for rows with start <= time < end (UTC microseconds, None: open).

    Each side is first a condition on the raw column alone, so that files are pruned by it and sources are asked it; where
    the offset changes near the border it is wider by the change, and the exact condition stands beside it. A border
    outside the years 1 to 9999, which not every engine can write, is as good as none.
    """
    sides = (_side(bound, ">=", start, dialect), _side(bound, "<", end, dialect))
    parts = [side for side in sides if side is not None]
    return f"({' AND '.join(parts)})" if parts else "TRUE"


def is_time(engine_type: str) -> bool:
    """Whether the type can be a dataset's time."""
    return engine_type == "DATE" or engine_type.startswith("TIMESTAMP")


def is_naive(engine_type: str) -> bool:
    """Whether the type is a wall clock without a zone."""
    return is_time(engine_type) and not _is_zoned(engine_type)


def _is_zoned(time_type: str) -> bool:
    return time_type in (ZONED, "TIMESTAMPTZ")


def _as_written(column: str, time_type: str, dialect: str) -> str:
    """Microseconds since 1970 of what the column shows: UTC where it has a zone, else a wall clock."""
    if dialect == "duckdb":
        plain = _is_zoned(time_type) or time_type == "TIMESTAMP"
        return f"epoch_us({column})" if plain else f"epoch_us(CAST({column} AS TIMESTAMP))"
    engine = dialect_of(dialect)
    if time_type == "DATE":
        return f"({engine.integer(engine.days(column))} * {DAY})"
    return engine.integer(engine.microseconds(column, _is_zoned(time_type)))


def _offsets(zone: str, start: int | None, end: int | None) -> tuple[int, list[tuple[int, int]]]:
    """The offset at the start, and (local microseconds from which it is another, that other): both around [start, end)."""
    low = EARLIEST if start is None else start - MARGIN
    high = LATEST if end is None else end + MARGIN
    found = transitions(zone, low, high)
    if not found:
        return _offset(zone, low), []
    return found[0][1], [(at + max(before, after), after) for at, before, after in found]


def _offset(zone: str, us: int) -> int:
    offset = in_zone(us, zone).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)


def _case(local: str, first: int, steps: list[tuple[str, int]]) -> str:
    """The offset for a local time, by the borders from which it is another: a balanced tree of CASEs, so that a century costs
    eight comparisons."""
    if not steps:
        return str(first) if first >= 0 else f"({first})"
    middle = len(steps) // 2
    border, offset = steps[middle]
    below = _case(local, first, steps[:middle])
    above = _case(local, offset, steps[middle + 1 :])
    return f"CASE WHEN {local} < {border} THEN {below} ELSE {above} END"


def _side(bound: BoundDataset, comparison: str, us: int | None, dialect: str) -> str | None:
    if us is None:
        return None
    column, kind, zone = bound.time_column, bound.time_type, bound.dataset.time.zone
    exact = f"{epoch_sql(column, kind, zone, us, us, dialect)} {comparison} {us}"
    if not dialect_of(dialect).orders_times:
        return exact
    first, steps = (0, []) if zone is None or _is_zoned(kind) else _offsets(zone, us, us)
    offsets = [first, *(offset for _, offset in steps)]
    least, most = (_literal(kind, us + offset, dialect) for offset in (min(offsets), max(offsets)))
    wide, sure = (least, most) if comparison == ">=" else (most, least)
    if wide is None:
        return None
    raw = f"{column} {comparison} {wide}"
    if wide == sure:
        return raw
    # Most rows are settled without a look at the offset; infinite ones, which have none, always.
    return f"{raw} AND ({column} {comparison} {sure} OR {exact})" if sure else f"{raw} AND {exact}"


def _literal(kind: str, us: int, dialect: str) -> str | None:
    """A border in the terms of the time column; None where it is out of the years that can be written. A date is at its
    midnight: the first whole day at or after the border."""
    us = -(-us // DAY) * DAY if kind == "DATE" else us
    if not FIRST <= us <= LAST:
        return None
    moment = from_us(us).replace(tzinfo=None).isoformat(" ", "microseconds")
    return dialect_of(dialect).moment(argument_of(kind).kind, moment)
