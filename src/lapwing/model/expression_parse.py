"""The text of a metric, such as `1 - late / departed`, read into an expression.

sum     = product {("+" | "-") product}
product = unary {("*" | "/") unary}
unary   = ["-"] operand
operand = number | name | dataset.name | function "(" sum {"," sum} ")" | "(" sum ")"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import get_args

from lapwing.model.expression import Binary, Call, Expression, Function, Number, Operator
from lapwing.model.names import nearest

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?P<name>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)?)"
    r"|(?P<symbol>[-+*/(),]))"
)
_FUNCTIONS: tuple[str, ...] = get_args(Function)
_ARGUMENTS = {"abs": (1, 1), "nullif": (2, 2)}
_DEEPEST = 100

Resolve = Callable[[str, int], Expression]
"""What a name (`measure`, `metric` or `dataset.name`) stands for, at an offset in the text."""


class NotAnExpression(Exception):
    """The text does not parse. Becomes a `Problem` where the place is known."""

    def __init__(self, offset: int, message: str, likely: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.likely = likely


def parse(text: str, resolve: Resolve) -> Expression:
    """Reads an expression; `resolve` gives what each name stands for.

    >>> parse("2 * (3 + 1)", lambda name, offset: Number(0)).operator
    '*'

    Raises:
        NotAnExpression: with the offset of the character that is wrong.
    """
    parser = _Parser(text, resolve)
    expression = parser.sum(0)
    if parser.kind != "end":
        raise NotAnExpression(parser.offset, f"An operator is missing before {parser.word!r}.")
    return expression


class _Parser:
    """A recursive descent over tokens; `kind`, `word` and `offset` are those of the next token."""

    def __init__(self, text: str, resolve: Resolve) -> None:
        self._text = text
        self._resolve = resolve
        self._next = 0
        self.kind, self.word, self.offset = "", "", 0
        self._advance()

    def _advance(self) -> None:
        rest = self._text[self._next :]
        if not rest.strip():
            self.kind, self.word, self.offset = "end", "", len(self._text.rstrip())
            return
        match = _TOKEN.match(self._text, self._next)
        if match is None or match.lastgroup is None:
            offset = self._next + len(rest) - len(rest.lstrip())
            raise NotAnExpression(offset, f"{self._text[offset]!r} has no place in an expression of metrics.")
        self.kind, self.word = match.lastgroup, match[match.lastgroup]
        self.offset = match.start(match.lastgroup)
        self._next = match.end()

    def _take(self, *symbols: str) -> str | None:
        if self.kind == "symbol" and self.word in symbols:
            word = self.word
            self._advance()
            return word
        return None

    def sum(self, depth: int) -> Expression:
        if depth > _DEEPEST:
            raise NotAnExpression(self.offset, "The expression is nested too deeply.")
        left = self._product(depth)
        while operator := self._take("+", "-"):
            left = Binary(_operator(operator), left, self._product(depth))
        return left

    def _product(self, depth: int) -> Expression:
        left = self._unary(depth)
        while operator := self._take("*", "/"):
            left = Binary(_operator(operator), left, self._unary(depth))
        return left

    def _unary(self, depth: int) -> Expression:
        if self._take("-"):
            operand = self._unary(depth + 1) if depth < _DEEPEST else self.sum(depth + 1)
            return Number(-operand.value) if isinstance(operand, Number) else Binary("-", Number(0), operand)
        return self._operand(depth)

    def _operand(self, depth: int) -> Expression:
        kind, word, offset = self.kind, self.word, self.offset
        if kind == "number":
            self._advance()
            return Number(int(word) if word.isdigit() and len(word) < 400 else float(word))
        if kind == "name":
            self._advance()
            if self._take("("):
                return self._call(word, offset, depth)
            return self._resolve(re.sub(r"\s", "", word), offset)
        if self._take("("):
            inner = self.sum(depth + 1)
            self._close()
            return inner
        if kind == "end":
            raise NotAnExpression(offset, "The expression ends too early.")
        raise NotAnExpression(offset, f"A metric, a number or a parenthesis belongs here, not {word!r}.")

    def _call(self, word: str, offset: int, depth: int) -> Expression:
        name = word.lower()
        arguments = [self.sum(depth + 1)]
        while self._take(","):
            arguments.append(self.sum(depth + 1))
        self._close()
        for function in get_args(Function):
            if function == name:
                least, most = _ARGUMENTS.get(name, (1, 100))
                if not least <= len(arguments) <= most:
                    raise NotAnExpression(offset, f"{name} takes {least} arguments, not {len(arguments)}.")
                return Call(function, tuple(arguments))
        raise NotAnExpression(
            offset,
            f"There is no function {word}; an expression of metrics has {', '.join(_FUNCTIONS)}.",
            nearest(name, _FUNCTIONS),
        )

    def _close(self) -> None:
        if not self._take(")"):
            raise NotAnExpression(self.offset, "A closing parenthesis is missing.")


def _operator(word: str) -> Operator:
    for operator in get_args(Operator):
        if operator == word:
            return operator  # type: ignore[no-any-return]  # get_args has no types
    raise AssertionError(word)
