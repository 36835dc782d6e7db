"""Time columns as UTC microseconds, and stretches of time as conditions, in the engine's SQL.

No engine's own zones are used: they disagree about the hour that happens twice. The transitions of the asked stretch
are written as literals instead (design: a gap takes the offset before it, an overlap its first occurrence, as
`datetime` does with fold=0).
"""

from __future__ import annotations

from datetime import timedelta

from lapwing.model.calendar import from_us, transitions
from lapwing.model.calendar import zone as zone_info
from lapwing.sql.bound import BoundDataset

DAY = 86_400_000_000
# Rows outside the stretch must not be moved into it. No zone ever jumped by more than a day and a bit.
MARGIN = 3 * DAY
EARLIEST = -2_208_988_800_000_000  # 1900, before which zones kept local mean time
LATEST = 4_102_444_800_000_000  # 2100
ZONED = "TIMESTAMP WITH TIME ZONE"


def epoch_sql(column: str, time_type: str, zone: str | None, start: int | None = None, end: int | None = None) -> str:
    """The column as UTC microseconds (BIGINT), right for rows in [start, end); rows outside stay outside.

    A timestamptz has its own; a date is its midnight, a naive timestamp a wall clock, in `zone` (None: UTC).
    """
    if _is_zoned(time_type):
        return f"epoch_us({column})"
    local = f"epoch_us(CAST({column} AS TIMESTAMP))" if time_type != "TIMESTAMP" else f"epoch_us({column})"
    if zone is None:
        return local
    first, steps = _offsets(zone, start, end)
    return f"({local} - {_case(local, first, steps)})" if steps or first else local


def range_sql(bound: BoundDataset, start: int | None, end: int | None) -> str:
    """A condition that is true exactly for rows with start <= time < end (UTC microseconds, None: open).

    The first part is on the raw column alone, so that files are pruned by it and sources are asked it; where the offset
    changes in the stretch it is wider by the change, and the exact condition stands beside it.
    """
    column, kind, zone = bound.time_column, bound.time_type, bound.dataset.time.zone
    if _is_zoned(kind):
        return _between(column, start, end, lambda us: f"TIMESTAMPTZ '{_text(us)}+00'")
    if zone is None:
        first, offsets = 0, []
    else:
        first, steps = _offsets(zone, start, end)
        offsets = [offset for _, offset in steps]
    lowest, highest = min([first, *offsets]), max([first, *offsets])
    low = None if start is None else start + lowest
    high = None if end is None else end + highest
    if kind == "DATE":
        # A date is at its midnight: the first whole day at or after the border.
        raw = _between(column, _day(low), _day(high), lambda us: f"DATE '{_text(us)[:10]}'")
    else:
        raw = _between(column, low, high, lambda us: f"TIMESTAMP '{_text(us)}'")
    if lowest == highest:
        return raw
    exact = _between(epoch_sql(column, kind, zone, start, end), start, end, str)
    return f"({raw} AND {exact})"


def is_time(engine_type: str) -> bool:
    """Whether the type can be a dataset's time."""
    return engine_type == "DATE" or engine_type.startswith("TIMESTAMP")


def is_naive(engine_type: str) -> bool:
    """Whether the type is a wall clock without a zone."""
    return is_time(engine_type) and not _is_zoned(engine_type)


def _is_zoned(time_type: str) -> bool:
    return time_type in (ZONED, "TIMESTAMPTZ")


def _offsets(zone: str, start: int | None, end: int | None) -> tuple[int, list[tuple[int, int]]]:
    """The offset at the start, and (local microseconds from which it is another, that other): both around [start, end)."""
    low = EARLIEST if start is None else start - MARGIN
    high = LATEST if end is None else end + MARGIN
    found = transitions(zone, low, high)
    if not found:
        return _offset(zone, low), []
    return found[0][1], [(at + max(before, after), after) for at, before, after in found]


def _offset(zone: str, us: int) -> int:
    offset = from_us(us).astimezone(zone_info(zone)).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)


def _case(local: str, first: int, steps: list[tuple[int, int]]) -> str:
    """The offset for a local time: a balanced tree of CASEs, so that a century costs eight comparisons."""
    if not steps:
        return str(first) if first >= 0 else f"({first})"
    middle = len(steps) // 2
    border, offset = steps[middle]
    below = _case(local, first, steps[:middle])
    above = _case(local, offset, steps[middle + 1 :])
    return f"CASE WHEN {local} < {border} THEN {below} ELSE {above} END"


def _between(value: str, start: int | None, end: int | None, literal: object) -> str:
    assert callable(literal)
    parts = [] if start is None else [f"{value} >= {literal(start)}"]
    parts += [] if end is None else [f"{value} < {literal(end)}"]
    return f"({' AND '.join(parts)})" if parts else "TRUE"


def _day(us: int | None) -> int | None:
    return None if us is None else -(-us // DAY) * DAY


def _text(us: int) -> str:
    """A literal's text, to the microsecond; beyond the calendar's years the nearest it has."""
    least, most = -62_135_596_800_000_000, 253_402_300_799_999_999
    moment = from_us(min(max(us, least), most)).replace(tzinfo=None)
    return (
        moment.strftime("%Y-%m-%d %H:%M:%S.%f") if moment.year >= 1000 else moment.isoformat(" ", "microseconds")[:26]
    )
