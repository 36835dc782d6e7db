"""Mergeable states: one file each, chosen by `state_for`."""

from __future__ import annotations

from functools import lru_cache

from lapwing.model.dataset import Aggregation, Measure
from lapwing.model.problem import Refused
from lapwing.states.argument import Argument, Kind, argument_of
from lapwing.states.base import State
from lapwing.states.by_time import ByTime
from lapwing.states.count import Count
from lapwing.states.distinct import PRECISION, Distinct
from lapwing.states.extreme import Extreme, FloatExtreme, TextExtreme
from lapwing.states.held import held_for
from lapwing.states.mean import Mean
from lapwing.states.quantile import Quantile
from lapwing.states.sum_float import FloatSum
from lapwing.states.sum_integer import IntegerSum
from lapwing.states.top import Top
from lapwing.states.variance import FloatVariance, IntegerVariance

__all__ = ["State", "state_for"]

_MOMENTS = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
_NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT)
_NAMES = (Kind.TEXT, Kind.INTEGER, Kind.DECIMAL, Kind.DATE)


def state_for(measure: Measure, argument_type: str | None) -> State:
    """The state of `measure`. `argument_type` is the engine's name of its argument's type, such as DECIMAL(12,2); None
    for count(*).

    Raises:
        Refused: the aggregation makes no sense for the type; the problem says which and why.
    """
    aggregation = measure.aggregation
    if aggregation is Aggregation.COUNT:
        return Count()
    if argument_type is None:
        raise Refused.of(
            "missing-argument",
            f"Measure {measure.name}: {aggregation} needs an expression to aggregate.",
            place=measure.place,
        )
    state = _state(aggregation, measure.parameter, argument_type)
    if state is None:
        raise _refused(measure, argument_of(argument_type))
    return state


@lru_cache(maxsize=1_024)  # states are immutable, and every answer asks for its own
def _state(aggregation: Aggregation, parameter: float | None, argument_type: str) -> State | None:
    kind, argument = str(aggregation), argument_of(argument_type)
    match aggregation:
        case Aggregation.SUM:
            return _sum(argument)
        case Aggregation.MEAN:
            total = _sum(argument)
            return Mean(total) if total else None
        case Aggregation.MIN | Aggregation.MAX:
            return _extreme(kind, argument)
        case Aggregation.VARIANCE | Aggregation.STDDEV:
            return _variance(kind, argument)
        case Aggregation.FIRST | Aggregation.LAST:
            held = held_for(argument)
            return ByTime(kind, held) if held else None
        case Aggregation.DISTINCT:
            known = argument.kind not in (Kind.FLOAT, Kind.OTHER)
            return Distinct(argument, int(parameter or PRECISION)) if known else None
        case Aggregation.QUANTILE:
            return Quantile(parameter or 0.5) if argument.kind in _NUMBERS else None
        case Aggregation.TOP:
            return Top(argument, int(parameter or 10)) if argument.kind in _NAMES else None
    return None


def _sum(argument: Argument) -> IntegerSum | FloatSum | None:
    if argument.kind in (Kind.INTEGER, Kind.DECIMAL, Kind.BOOLEAN):
        return IntegerSum(argument)
    return FloatSum() if argument.kind is Kind.FLOAT else None


def _extreme(kind: str, argument: Argument) -> State | None:
    if argument.kind is Kind.FLOAT:
        return FloatExtreme(kind)
    if argument.kind is Kind.TEXT:
        return TextExtreme(kind)
    fits = (argument.kind is Kind.INTEGER and argument.bits <= 64) or (
        argument.kind is Kind.DECIMAL and argument.digits <= 18
    )
    return Extreme(kind, argument) if fits or argument.kind in _MOMENTS else None


def _variance(kind: str, argument: Argument) -> State | None:
    if (argument.kind is Kind.INTEGER and argument.bits <= 64) or (
        argument.kind is Kind.DECIMAL and argument.digits <= 18
    ):
        return IntegerVariance(kind, argument)
    return FloatVariance(kind) if argument.kind in (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT) else None


_CAST_TEXT = "Cast it to a number or a time in the measure's expression."
_WHY = {
    Kind.TEXT: ("a text is no number", _CAST_TEXT),
    Kind.DATE: ("dates can't be added", "Use min or max, or a number of days."),
    Kind.TIMESTAMP: ("times can't be added", "Use min or max, or a number of seconds."),
    Kind.TIMESTAMPTZ: ("times can't be added", "Use min or max, or a number of seconds."),
    Kind.BOOLEAN: ("a boolean is no number", "Use sum, which counts the true ones, or count with where."),
    Kind.INTEGER: ("its values can pass 64 bits", "Cast it to BIGINT, or to DOUBLE."),
    Kind.DECIMAL: ("it has more than 18 digits", "Cast it to a decimal of up to 18 digits, or to DOUBLE."),
}
_WHY_OF = {
    (Aggregation.DISTINCT, Kind.FLOAT): (
        "engines write doubles in different ways",
        "Round it in the measure's expression: CAST(x AS DECIMAL(18, 4)), say.",
    ),
    (Aggregation.TOP, Kind.FLOAT): (
        "doubles seldom repeat",
        "Cast it to a decimal, or to the text that counts as equal.",
    ),
    (Aggregation.TOP, Kind.BOOLEAN): ("there are two booleans", "Count with where, for each of them."),
    **{
        (Aggregation.TOP, kind): ("times seldom repeat", "Cast it to DATE, or to the text that counts as equal.")
        for kind in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
    },
    **{
        (Aggregation.QUANTILE, kind): ("times are no numbers", "Take a quantile of a number of seconds.")
        for kind in _MOMENTS
    },
}


def _refused(measure: Measure, argument: Argument) -> Exception:
    fallback = ("it is no number and no time", "Cast it in the measure's expression.")
    why, hint = _WHY_OF.get((measure.aggregation, argument.kind)) or _WHY.get(argument.kind, fallback)
    return Refused.of(
        "wrong-type",
        f"Measure {measure.name}: {measure.aggregation} of {argument.name} is refused, as {why}.",
        place=measure.place,
        hint=hint,
    )
