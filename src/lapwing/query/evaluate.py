"""Evaluates a metric's expression over whole Arrow arrays, after states were merged and turned into values.

Whole numbers and decimals stay exact under +, - and * as long as they fit; everything else is a double. A division by
zero is null, and null in gives null out.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from lapwing.model.expression import Binary, Call, Expression, MeasureRef, Number
from lapwing.model.problem import Refused

EXACT = {"+": pc.add_checked, "-": pc.subtract_checked, "*": pc.multiply_checked}
ROUGH = {"+": pc.add, "-": pc.subtract, "*": pc.multiply}


def evaluate(expression: Expression, values: Mapping[MeasureRef, pa.Array], length: int) -> pa.Array:
    """The expression for each row; `values` holds an array of `length` rows for every measure it refers to.

    Raises:
        Refused: it reckons with times (or texts, or lists) as if they were numbers.
    """
    match expression:
        case MeasureRef():
            return values[expression]
        case Number(value):
            return pa.repeat(pa.scalar(value, pa.int64() if isinstance(value, int) else pa.float64()), length)
        case Binary("/", left, right):
            divisor = _double(evaluate(right, values, length))
            divisor = pc.if_else(pc.equal(divisor, 0.0), pa.scalar(None, pa.float64()), divisor)
            return pc.divide(_double(evaluate(left, values, length)), divisor)
        case Binary(operator, left, right):
            return _arithmetic(operator, evaluate(left, values, length), evaluate(right, values, length))
        case Call(function, arguments):
            return _call(function, [evaluate(argument, values, length) for argument in arguments])


def _double(array: pa.Array) -> pa.Array:
    return array if pa.types.is_float64(array.type) else pc.cast(_number(array), pa.float64(), safe=False)


def _number(array: pa.Array) -> pa.Array:
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type) or pa.types.is_decimal(array.type)):
        raise Refused.of(
            "no-number",
            f"Its expression reckons with values of type {array.type}, which are no numbers.",
            hint="Make numbers of them in the measure, such as {max: epoch(column)} of a time.",
        )
    return array


def _arithmetic(operator: str, left: pa.Array, right: pa.Array) -> pa.Array:
    left, right = _number(left), _number(right)
    if not pa.types.is_floating(left.type) and not pa.types.is_floating(right.type):
        try:
            return EXACT[operator](_roomy(left), _roomy(right))
        except pa.ArrowInvalid:
            pass  # no room for the exact result: the double is the best there is
    return ROUGH[operator](_double(left), _double(right))


def _roomy(array: pa.Array) -> pa.Array:
    """Decimals of 38 digits leave no digit for a carry; one is given back where the values allow."""
    if pa.types.is_decimal(array.type) and array.type.precision == 38:
        return pc.cast(array, pa.decimal128(37, array.type.scale))
    return array


def _call(function: str, arguments: list[pa.Array]) -> pa.Array:
    if function == "abs":
        return pc.abs(_number(arguments[0]))
    if function == "nullif":
        equal = pc.fill_null(pc.equal(_double(arguments[0]), _double(arguments[1])), False)
        return pc.if_else(equal, pa.scalar(None, arguments[0].type), arguments[0])
    if any(argument.type != arguments[0].type for argument in arguments):
        arguments = [_double(argument) for argument in arguments]
    if function == "coalesce":
        return pc.coalesce(*arguments)
    return pc.max_element_wise(*arguments) if function == "greatest" else pc.min_element_wise(*arguments)
