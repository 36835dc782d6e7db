"""Mergeable states: one file each, chosen by `state_for`."""

from __future__ import annotations

from lapwing.model.dataset import Aggregation, Measure
from lapwing.model.problem import Refused
from lapwing.states.argument import Argument, Kind, argument_of
from lapwing.states.base import State
from lapwing.states.count import Count
from lapwing.states.extreme import Extreme, FloatExtreme
from lapwing.states.mean import Mean
from lapwing.states.sum_float import FloatSum
from lapwing.states.sum_integer import IntegerSum
from lapwing.states.variance import FloatVariance, IntegerVariance

__all__ = ["State", "state_for"]

_MOMENTS = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)


def state_for(measure: Measure, argument_type: str | None) -> State:
    """The state of `measure`. `argument_type` is the engine's name of its argument's type, such as DECIMAL(12,2); None
    for count(*).

    Raises:
        Refused: the aggregation makes no sense for the type, or is not there yet; the problem says which and why.
    """
    aggregation = measure.aggregation
    if aggregation is Aggregation.COUNT:
        return Count()
    if aggregation in (Aggregation.DISTINCT, Aggregation.QUANTILE):
        raise Refused.of(
            "not-yet",
            f"Measure {measure.name}: {aggregation} is not kept as a state yet.",
            place=measure.place,
            hint=f"Plain SQL answers it: lapwing sql. {aggregation.capitalize()} measures come with a later version.",
        )
    if argument_type is None:
        raise Refused.of(
            "missing-argument",
            f"Measure {measure.name}: {aggregation} needs an expression to aggregate.",
            place=measure.place,
        )
    argument = argument_of(argument_type)
    state = _numeric(aggregation, argument)
    if state is None:
        raise _refused(measure, argument)
    return state


def _numeric(aggregation: Aggregation, argument: Argument) -> State | None:
    match aggregation:
        case Aggregation.SUM:
            return _sum(argument)
        case Aggregation.MEAN:
            total = _sum(argument)
            return Mean(total) if total else None
        case Aggregation.MIN | Aggregation.MAX:
            return _extreme(str(aggregation), argument)
        case Aggregation.VARIANCE | Aggregation.STDDEV:
            return _variance(str(aggregation), argument)
    return None


def _sum(argument: Argument) -> IntegerSum | FloatSum | None:
    if argument.kind in (Kind.INTEGER, Kind.DECIMAL, Kind.BOOLEAN):
        return IntegerSum(argument)
    return FloatSum() if argument.kind is Kind.FLOAT else None


def _extreme(kind: str, argument: Argument) -> State | None:
    if argument.kind is Kind.FLOAT:
        return FloatExtreme(kind)
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


_WHY = {
    Kind.TEXT: ("a text is no number", "Cast it to a number or a time in the measure's expression."),
    Kind.DATE: ("dates can't be added", "Use min or max, or a number of days."),
    Kind.TIMESTAMP: ("times can't be added", "Use min or max, or a number of seconds."),
    Kind.TIMESTAMPTZ: ("times can't be added", "Use min or max, or a number of seconds."),
    Kind.BOOLEAN: ("a boolean is no number", "Use sum, which counts the true ones, or count with where."),
    Kind.INTEGER: ("its values can pass 64 bits", "Cast it to BIGINT, or to DOUBLE."),
    Kind.DECIMAL: ("it has more than 18 digits", "Cast it to a decimal of up to 18 digits, or to DOUBLE."),
}


def _refused(measure: Measure, argument: Argument) -> Exception:
    why, hint = _WHY.get(argument.kind, ("it is no number and no time", "Cast it in the measure's expression."))
    return Refused.of(
        "wrong-type",
        f"Measure {measure.name}: {measure.aggregation} of {argument.name} is refused, as {why}.",
        place=measure.place,
        hint=hint,
    )
