"""The text of metrics."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.model.expression import Binary, Call, Expression, MeasureRef, Number
from lapwing.model.expression_parse import NotAnExpression, parse

A, B, C = (MeasureRef("d", name) for name in "abc")


def resolve(name: str, offset: int) -> Expression:
    return MeasureRef(*name.rpartition(".")[::2]) if "." in name else MeasureRef("d", name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", A),
        ("other.a", MeasureRef("other", "a")),
        ("other . a", MeasureRef("other", "a")),
        ("1", Number(1)),
        ("1.5e3", Number(1500.0)),
        ("-2", Number(-2)),
        ("-a", Binary("-", Number(0), A)),
        ("--2", Number(2)),
        ("a - b - c", Binary("-", Binary("-", A, B), C)),
        ("a / b * c", Binary("*", Binary("/", A, B), C)),
        ("a + b * c", Binary("+", A, Binary("*", B, C))),
        ("(a + b) * c", Binary("*", Binary("+", A, B), C)),
        ("a*-b", Binary("*", A, Binary("-", Number(0), B))),
        ("1 - a / b", Binary("-", Number(1), Binary("/", A, B))),
        ("coalesce(a, 0)", Call("coalesce", (A, Number(0)))),
        ("GREATEST(a, b, c)", Call("greatest", (A, B, C))),
        ("abs(nullif(a, b))", Call("abs", (Call("nullif", (A, B)),))),
        ("  a\n/  b ", Binary("/", A, B)),
        ("coalesce", MeasureRef("d", "coalesce")),
    ],
)
def test_expressions(text: str, expected: Expression) -> None:
    assert parse(text, resolve) == expected


@pytest.mark.parametrize(
    ("text", "offset", "says"),
    [
        ("", 0, "too early"),
        ("a +", 3, "too early"),
        ("a b", 2, "operator is missing"),
        ("a / / b", 4, "not '/'"),
        ("(a", 2, "closing"),
        ("a)", 1, "operator is missing"),
        ("round(a)", 0, "no function round"),
        ("abs(a, b)", 0, "takes 1"),
        ("nullif(a)", 0, "takes 2"),
        ("coalesce()", 9, "not ')'"),
        ("a % b", 2, "'%' has no place"),
        ("a > 1", 2, "'>' has no place"),
        ("a.b.c", 3, "has no place"),
        ('"a"', 0, "has no place"),
        ("1..2", 2, "operator is missing"),
        ("(" * 5000, 101, "too deeply"),
        ("-" * 5000 + "a", 101, "too deeply"),
    ],
)
def test_what_is_no_expression(text: str, offset: int, says: str) -> None:
    with pytest.raises(NotAnExpression) as caught:
        parse(text, resolve)
    assert says in caught.value.message
    assert caught.value.offset == offset


def test_names_are_resolved_where_they_stand() -> None:
    seen: list[tuple[str, int]] = []

    def note(name: str, offset: int) -> Expression:
        seen.append((name, offset))
        return Number(0)

    parse("1 - late / x.departed", note)
    assert seen == [("late", 4), ("x.departed", 11)]


@given(st.text(alphabet="ab1.+-*/(), coalesce", max_size=40))
def test_any_text_parses_or_says_where_it_does_not(text: str) -> None:
    offset = 0
    try:
        parse(text, resolve)
    except NotAnExpression as error:
        offset = error.offset
    assert 0 <= offset <= len(text)


trees = st.recursive(
    st.sampled_from([A, B, C, Number(2), Number(0.5)]),
    lambda inner: st.one_of(
        st.builds(Binary, st.sampled_from(["+", "-", "*", "/"]), inner, inner),
        st.builds(Call, st.sampled_from(["coalesce", "greatest", "least"]), st.tuples(inner, inner)),
    ),
    max_leaves=12,
)


def written(expression: Expression) -> str:
    match expression:
        case MeasureRef(_, name):
            return name
        case Number(value):
            return str(value)
        case Binary(operator, left, right):
            return f"({written(left)} {operator} {written(right)})"
        case Call(function, arguments):
            return f"{function}({', '.join(map(written, arguments))})"


@given(trees)
def test_a_written_tree_comes_back(tree: Expression) -> None:
    assert parse(written(tree), resolve) == tree
