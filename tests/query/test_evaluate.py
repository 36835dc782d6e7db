"""Expressions over whole arrays: exact where they can be, null where they must be."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from lapwing.model.expression import Binary, Call, Expression, MeasureRef, Number
from lapwing.model.problem import Refused
from lapwing.query.evaluate import evaluate

A, B = MeasureRef("d", "a"), MeasureRef("d", "b")


def run(expression: Expression, a: pa.Array, b: pa.Array) -> pa.Array:
    return evaluate(expression, {A: a, B: b}, len(a))


def test_a_ratio_is_a_double_and_null_over_zero() -> None:
    out = run(Binary("/", A, B), pa.array([1, 2, None, 0]), pa.array([4, 0, 1, 0]))
    assert out.type == pa.float64()
    assert out.to_pylist() == [0.25, None, None, None]


@pytest.mark.parametrize(
    ("operator", "expected"),
    [("+", [2**53 + 2, None]), ("-", [2**53, None]), ("*", [2**53 + 1, None])],
)
def test_whole_numbers_stay_exact(operator: str, expected: list[int | None]) -> None:
    out = run(Binary(operator, A, B), pa.array([2**53 + 1, 1]), pa.array([1, None], pa.int64()))  # type: ignore[arg-type]  # parametrised
    assert out.type == pa.int64()
    assert out.to_pylist() == expected


def test_what_has_no_room_becomes_a_double() -> None:
    out = run(Binary("+", A, B), pa.array([2**63 - 1]), pa.array([2**63 - 1]))
    assert out.to_pylist() == [float(2**64)]


def test_money_stays_exact() -> None:
    kind = pa.decimal128(38, 2)
    out = run(Binary("-", A, B), pa.array([Decimal("0.30")], kind), pa.array([Decimal("0.10")], kind))
    assert out.to_pylist() == [Decimal("0.20")]


@pytest.mark.parametrize(
    "expression", [Binary("-", A, B), Binary("/", B, A), Call("abs", (A,)), Call("greatest", (A, B))]
)
def test_times_are_no_numbers(expression: Expression) -> None:
    with pytest.raises(Refused, match="no numbers"):
        run(expression, pa.array([0], pa.timestamp("us")), pa.array([1]))


def test_derived_from_a_ratio() -> None:
    out = run(Binary("-", Number(1), Binary("/", A, B)), pa.array([1, 5]), pa.array([4, 0]))
    assert out.to_pylist() == [0.75, None]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (Call("coalesce", (A, B)), [1, 7, None]),
        (Call("greatest", (A, B)), [9, 7, None]),
        (Call("least", (A, B)), [1, 7, None]),
        (Call("nullif", (A, Number(1))), [None, None, None]),
        (Call("abs", (Binary("-", A, B),)), [8, None, None]),
    ],
)
def test_functions(call: Call, expected: list[int | None]) -> None:
    out = run(call, pa.array([1, None, None], pa.int64()), pa.array([9, 7, None], pa.int64()))
    assert out.to_pylist() == expected
