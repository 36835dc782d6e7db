"""Decides what a table's first dataset is. Pure; every choice has its reason in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite, prod

from lapwing.query.init.look import ColumnLook, TableLook
from lapwing.query.init.names import expression, plain_name
from lapwing.sources.base import Family

MOST_VALUES = 1_000
FEW_VALUES = 24
MOST_SHARES = 3
BUDGET = 5_000_000
"""Cells of the first rollup: some hundred megabytes at most."""
PARTITION = 1_000_000
"""Cells that are built and replaced at once, if that can be had by the day."""
_ID = re.compile(r"(^|_)(id|uuid|guid|key|code|zip|zipcode|postcode|phone|number|no|nr|num|isbn|sku)$")
_INTENSIVE = re.compile(
    r"(^|_)(rate|ratio|pct|percent|percentage|share|price|avg|average|mean|temp|temperature|age|score|rating|"
    r"speed|humidity|pressure|discount|wind_speed|dewp|level)($|_)"
)
_ADDED = re.compile(
    r"(^|_)(quantity|qty|amount|total|sum|count|units|items|visits|clicks|views|sales|revenue|cost|minutes|"
    r"seconds|hours|days|distance|delay|duration|bytes|size|weight|precip|rain|passengers|seats)($|_)"
)
_PLACE = re.compile(r"(^|_)(lat|lon|lng|latitude|longitude)$")
_TIME_NAMES = ("time", "timestamp", "ts", "at", "created", "date", "occurred", "event", "ordered", "scheduled", "day")
_PARTS_OF_TIME = {"year", "month", "day", "week", "quarter"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """One line of YAML: a name, what it is, and why. `sql` is what a measure aggregates, `where` the rows it takes;
    a metric is the ratio `sql`."""

    name: str
    column: str
    why: str
    aggregation: str = ""
    distinct: int = 0
    sql: str = ""
    where: str = ""
    percent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A first dataset. `others` are columns that could be the time as well."""

    name: str
    look: TableLook
    time: ColumnLook
    others: tuple[str, ...]
    dimensions: tuple[Chosen, ...]
    measures: tuple[Chosen, ...]
    metrics: tuple[Chosen, ...]
    skipped: tuple[tuple[str, str], ...]
    grain: str
    partition: str
    kept: tuple[str, ...]
    cells: int

    @property
    def count(self) -> str:
        """The name of the measure that counts rows."""
        return self.measures[0].name


def choose(look: TableLook, name: str) -> Choice | None:
    """The dataset, or None where the table has no time (or no rows)."""
    times = sorted(
        (one for one in look.columns if one.is_time and one.first and one.last),
        key=lambda one: _time_score(one, look),
        reverse=True,
    )
    if not times or not look.rows:
        return None
    time = times[0]
    rest = [one for one in look.columns if not one.is_time]
    dimensions, skipped = _dimensions(rest, look)
    grouped = {one.column for one in dimensions}
    taken = {one.name for one in dimensions} | {"time", plain_name(time.name)}
    measures = _measures(name, [one for one in rest if one.name not in grouped], taken)
    summed = {one.column for one in measures}
    shares, metrics = _metrics(measures, [one for one in rest if one.family is Family.BOOLEAN], taken)
    grain = _grain(time)
    kept, cells = _kept(dimensions, look, time, grain)
    return Choice(
        name=name,
        look=look,
        time=time,
        others=tuple(one.name for one in times[1:] if one.distinct > 1),
        dimensions=tuple(dimensions),
        measures=(*measures, *shares),
        metrics=tuple(metrics),
        skipped=tuple((column, why) for column, why in skipped if column not in summed),
        grain=grain,
        partition=_partition(time, grain, cells),
        kept=kept,
        cells=cells,
    )


def _time_score(one: ColumnLook, look: TableLook) -> tuple[float, float, int]:
    """Complete columns first, then those called like a time, then the finer ones."""
    words = plain_name(one.name).split("_")
    named = min((_TIME_NAMES.index(word) for word in words if word in _TIME_NAMES), default=len(_TIME_NAMES))
    complete = 1.0 if one.nulls * 20 <= look.sampled else 0.0
    real = 0.0 if one.reading else 1.0 if one.family is not Family.DATE else 0.5
    return complete + real, -named, one.distinct


def _dimensions(columns: list[ColumnLook], look: TableLook) -> tuple[list[Chosen], list[tuple[str, str]]]:
    found: list[Chosen] = []
    skipped: list[tuple[str, str]] = []
    taken = {"time"}
    for one in columns:
        why = _not_dimension(one, look)
        if why is None:
            name = _free(plain_name(one.name, "column"), taken)
            values = f"{one.distinct:,} value{'s' if one.distinct != 1 else ''}"
            sql = one.sql if one.reading else ""
            found.append(Chosen(name, one.name, f"about {values}", distinct=max(1, one.distinct), sql=sql))
        else:
            skipped.append((one.name, why))
    return found, skipped


def _not_dimension(one: ColumnLook, look: TableLook) -> str | None:
    """Why it can't be grouped by usefully; None where it can."""
    if one.family is None:
        return f"of type {one.type}"
    if one.distinct == 0:
        return "empty"
    if one.family is Family.BOOLEAN:
        return None
    name = plain_name(one.name)
    if one.family is Family.TEXT or (one.family is Family.INTEGER and _ID.search(name)):
        many = one.distinct > MOST_VALUES or one.distinct > max(FEW_VALUES, look.sampled // 4)
        return f"about {one.distinct:,} different values, too many to group by" if many else None
    if one.family is Family.INTEGER:
        if name in _PARTS_OF_TIME:
            return "told by the time"
        few = not _ADDED.search(name) and one.distinct <= FEW_VALUES and look.sampled >= 20 * one.distinct
        return None if few else "a number"
    return "a number"


def _measures(name: str, columns: list[ColumnLook], taken: set[str]) -> list[Chosen]:
    rows = _free(name, taken, "rows")
    found = [Chosen(rows, "*", "how many rows", "count", sql="*")]
    for one in columns:
        plain = plain_name(one.name, "column")
        if not one.is_number or not one.distinct or plain in _PARTS_OF_TIME:
            continue
        if _ID.search(plain) or _PLACE.search(plain):
            continue
        why = "numbers"
        if one.low is not None and one.high is not None and isfinite(one.low) and isfinite(one.high):
            why += f" from {one.low:g} to {one.high:g}"
        why += f", {one.reading.says}" if one.reading else ""
        sql = one.sql if one.reading else expression(one.name)
        if _INTENSIVE.search(plain):
            why += "; adding them up means little"
            found.append(Chosen(_free(f"avg_{plain}", taken), one.name, why, "mean", sql=sql))
        else:
            found.append(Chosen(_free(plain, taken, f"{plain}_sum"), one.name, why, "sum", sql=sql))
    return found


def _metrics(measures: list[Chosen], booleans: list[ColumnLook], taken: set[str]) -> tuple[list[Chosen], list[Chosen]]:
    """The measures and the metrics that ratios need: the share of rows where something holds, a sum for each row."""
    rows = measures[0].name
    shares, metrics = [], []
    for one in [one for one in booleans if one.distinct > 1][:MOST_SHARES]:
        plain = plain_name(one.name, "column")
        count = _free(f"{plain}_rows", taken)
        shares.append(Chosen(count, "*", f"those where {one.name} holds", "count", sql="*", where=expression(one.name)))
        share = _free(f"{plain}_rate", taken)
        metrics.append(Chosen(share, one.name, "a share of all rows", sql=f"{count} / {rows}", percent=True))
    for measure in [one for one in measures if one.aggregation == "sum"][:1]:
        each = _free(f"{measure.name}_per_row", taken)
        why = "always the ratio of the sums, whatever is asked for"
        metrics.append(Chosen(each, measure.column, why, sql=f"{measure.name} / {rows}"))
    return shares, metrics


def _free(name: str, taken: set[str], other: str | None = None) -> str:
    """`name`, or else `other`, or else numbered; it is taken then."""
    wanted, number = name, 2
    if wanted in taken and other:
        wanted = other
    base = wanted
    while wanted in taken:
        wanted = f"{base}_{number}"
        number += 1
    taken.add(wanted)
    return wanted


def _grain(time: ColumnLook) -> str:
    if time.family is Family.DATE:
        return "day"
    return "hour" if time.whole_hours else "15 minutes"


def _span(time: ColumnLook) -> timedelta:
    assert time.first is not None
    assert time.last is not None
    return time.last - time.first


def _partition(time: ColumnLook, grain: str, cells: int) -> str:
    """As long as it stays small, for what is small is quickly built anew."""
    days = _span(time).days + 1
    if grain != "day" and cells / days * 31 > PARTITION:
        return "day"
    return "year" if days > 1_100 and cells / days * 366 <= PARTITION else "month"


def _kept(dimensions: list[Chosen], look: TableLook, time: ColumnLook, grain: str) -> tuple[tuple[str, ...], int]:
    """The rollup's dimensions: those with few values first, as long as the cells stay in the budget."""
    length = {"day": 86_400, "hour": 3_600, "15 minutes": 900}[grain]
    buckets = int(_span(time).total_seconds() // length) + 1
    kept: list[Chosen] = []
    for one in sorted(dimensions, key=lambda one: one.distinct):
        cells = _cells([*kept, one], buckets, look.rows)
        if cells <= BUDGET:
            kept.append(one)
    return tuple(one.name for one in kept), _cells(kept, buckets, look.rows)


def _cells(kept: list[Chosen], buckets: int, rows: int) -> int:
    """No more than there are combinations, and no more than rows."""
    return min(rows, buckets * prod(one.distinct for one in kept))
