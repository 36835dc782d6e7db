"""Of which parts an aggregate is made: columns that the source gives for each group, and what the engine makes of one group
or of several. Sums are exact, or an error where they would not be; sums of floats are not among them, as each engine adds in
its own order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lapwing.sources.base import Column
from lapwing.sources.quote import identifier
from lapwing.sql.capability import No
from lapwing.states.argument import Argument, Kind, argument_of
from lapwing.states.dialects import Dialect

_EXACT_DIGITS = 18
"""Decimals of so many digits have sums of less than 38 whatever the number of rows."""
_ORDERED = frozenset({Kind.INTEGER, Kind.DECIMAL, Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ})


@dataclass(frozen=True, slots=True)
class Parts:
    """`columns` with their SQL at the source; the aggregate's value by the engine's SQL of one row of them (`whole`), and of
    several (`again`)."""

    columns: tuple[tuple[Column, str], ...]
    whole: str
    again: str


def parts(function: str, x: str | None, type_: str | None, engine: Dialect, name: Callable[[str], str]) -> Parts:
    """The parts of an aggregate.

    Args:
        function: its name in the engine.
        x: what it aggregates, in the source's SQL, null for rows that do not count; None: it counts rows.
        type_: the engine's type of that.
        name: makes a column's name of a suffix.

    Raises:
        No, Refused: it is not made of parts, or not by this source.
    """
    if x is None or type_ is None:
        return _counted("COUNT(*)", engine, name)
    if function == "count":
        return _counted(f"COUNT({x})", engine, name)
    argument = argument_of(type_)
    if function in ("min", "max"):
        return _extreme(function.upper(), x, type_, argument, name)
    if argument.kind not in (Kind.INTEGER, Kind.DECIMAL):
        raise No(f"{function} of {argument.kind.value} is made in the engine")
    if function == "sum":
        return _sum(x, argument, engine, name)
    return _mean(x, argument, engine, name)


def _counted(sql: str, engine: Dialect, name: Callable[[str], str]) -> Parts:
    n = Column(name("n"), "BIGINT")
    column = identifier(n.name)
    return Parts(((n, engine.integer(sql)),), column, f"CAST(coalesce(sum({column}), 0) AS BIGINT)")


def _extreme(word: str, x: str, type_: str, argument: Argument, name: Callable[[str], str]) -> Parts:
    if argument.kind not in _ORDERED:
        raise No(f"the {word.lower()} of {argument.kind.value} is found in the engine")
    whole = argument.kind is Kind.INTEGER
    found = Column(name(word.lower()), "BIGINT" if whole else type_)
    column = identifier(found.name)
    again = f"{word}({column})"
    narrow: Callable[[str], str] = (lambda sql: f"CAST({sql} AS {type_})") if whole and type_ != "BIGINT" else str
    return Parts(((found, f"{word}({x})"),), narrow(column), narrow(again))


def _sum(x: str, argument: Argument, engine: Dialect, name: Callable[[str], str]) -> Parts:
    """One column where it can't overflow, so that groups can be picked and ordered by it; limbs of 32 bits where it might."""
    if argument.kind is Kind.INTEGER and argument.bits <= 32:
        total = Column(name("sum"), "BIGINT")
        column = identifier(total.name)
        return Parts(((total, engine.integer(f"SUM({x})")),), f"CAST({column} AS HUGEINT)", f"sum({column})")
    if argument.kind is Kind.INTEGER and engine.wide_sums:
        total = Column(name("sum"), "DECIMAL(38,0)")
        column = identifier(total.name)
        value = engine.decimal(f"SUM({x})", Argument(Kind.DECIMAL, "", digits=38))
        return Parts(((total, value),), f"CAST({column} AS HUGEINT)", f"CAST(sum({column}) AS HUGEINT)")
    if argument.kind is Kind.DECIMAL and argument.digits <= _EXACT_DIGITS:
        wide = Argument(Kind.DECIMAL, "", digits=38, scale=argument.scale)
        total = Column(name("sum"), f"DECIMAL(38,{argument.scale})")
        column = identifier(total.name)
        return Parts(((total, engine.decimal(f"SUM({x})", wide)),), column, f"sum({column})")
    limbs, rows = _limbs(x, argument, engine, name), _counted(f"COUNT({x})", engine, name)
    whole, again = (_restored(sql, argument) for sql in (limbs.whole, limbs.again))
    return _null_of_none(limbs, whole, again, rows)


def _mean(x: str, argument: Argument, engine: Dialect, name: Callable[[str], str]) -> Parts:
    """A sum by a number of rows, as the engine has it: of decimals both as doubles."""
    n = _counted(f"COUNT({x})", engine, name)
    if argument.kind is Kind.INTEGER:
        total = _limbs(x, argument, engine, name)
        return _null_of_none(total, _divided(total.whole, n.whole), _divided(total.again, f"sum({n.whole})"), n)
    total = _sum(x, argument, engine, name)
    whole, again = (f"CAST({sql} AS DOUBLE)" for sql in (total.whole, total.again))
    rows = f"CAST({n.whole} AS DOUBLE)", f"CAST(sum({n.whole}) AS DOUBLE)"
    return _null_of_none(total, f"{whole} / {rows[0]}", f"{again} / {rows[1]}", n)


def _divided(total: str, n: str) -> str:
    """A wide integer by another; where a double does not hold it, whole part and rest apart, as the engine's wider numbers
    round it once."""
    whole = f"({total} // CAST({n} AS HUGEINT))"
    apart = f"CAST(CAST({whole} AS BIGINT) AS DOUBLE) + CAST({total} - {whole} * {n} AS DOUBLE) / {n}"
    return (
        f"CASE WHEN abs({total}) < 9007199254740992 THEN CAST({total} AS DOUBLE) / CAST({n} AS DOUBLE) ELSE {apart} END"
    )


def _null_of_none(made: Parts, whole: str, again: str, rows: Parts) -> Parts:
    """What has a value where there are rows."""
    n = identifier(rows.columns[0][0].name)
    columns = made.columns if rows.columns[0] in made.columns else (*made.columns, *rows.columns)
    return Parts(columns, f"CASE WHEN {n} > 0 THEN {whole} END", f"CASE WHEN sum({n}) > 0 THEN {again} END")


def _limbs(x: str, argument: Argument, engine: Dialect, name: Callable[[str], str]) -> Parts:
    """A sum without its point, as limbs of 32 bits, the highest first; 0 of no values."""
    count = 4 if not argument.bits else 1 if argument.bits <= 32 else 2
    if argument.kind is Kind.DECIMAL:
        texts = engine.cut(engine.unscaled(f"SUM({x})", argument.scale), count)
    else:
        texts = engine.sum_limbs(x, count)
    columns = [Column(name(f"s{count - 1 - at}"), "BIGINT") for at in range(count)]
    names = [identifier(column.name) for column in columns]
    return Parts(
        tuple(zip(columns, texts, strict=True)),
        _together([f"CAST({one} AS HUGEINT)" for one in names]),
        _together([f"sum({one})" for one in names]),
    )


def _together(limbs: list[str]) -> str:
    total = limbs[0]
    for limb in limbs[1:]:
        total = f"({total} * 4294967296 + {limb})"
    return total


def _restored(total: str, argument: Argument) -> str:
    """A wide integer with its point."""
    if argument.kind is Kind.INTEGER:
        return total
    wide = f"CAST({total} AS DECIMAL(38,0))"
    if argument.scale == 0:
        return wide
    step = f"CAST('0.{'0' * (argument.scale - 1)}1' AS DECIMAL({argument.scale},{argument.scale}))"
    return f"CAST({wide} * {step} AS DECIMAL(38,{argument.scale}))"
