"""What all documents share: strictness, and the small texts (a grain, a duration, a zone) checked as they are read."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from lapwing.model.calendar import zone
from lapwing.model.duration import Span, parse_duration, parse_length
from lapwing.model.grain import FISCAL, Grain, Unit
from lapwing.model.problem import WrongUse
from lapwing.model.size import parse_size


class Document(BaseModel):
    """A mapping with fixed keys and exact types: text is not a number, an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def mistake(code: str, message: str, nearest: tuple[str, ...] = (), hint: str | None = None) -> PydanticCustomError:
    """An error that `documents.read` turns into a `Problem` at the key it concerns."""
    return PydanticCustomError("mistake", "{says}", {"says": message, "code": code, "nearest": nearest, "hint": hint})


def _parsed(parse: Callable[[str], Any], example: str, written: Any = str) -> PlainValidator:
    """A text that `parse` reads; its `WrongUse` becomes the key's mistake."""

    def check(value: object) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise mistake("wrong-type", f"This must be text such as {example}.")
        try:
            return parse(str(value))
        except WrongUse as error:
            problem = error.problems[0]
            raise mistake(problem.code, problem.message, problem.nearest, problem.hint) from None

    return PlainValidator(check, json_schema_input_type=written)


def _zone_name(text: str) -> str:
    return zone(text).key


def _step(text: str) -> Grain:
    step = Grain.parse(text)
    if step.unit in (*FISCAL, Unit.ISO_WEEK):
        hint = "Take day: it is exact for every calendar, and questions may ask by this one."
        raise WrongUse.of("bad-grain", f"Nothing is kept or watched by {step}.", nearest=("day",), hint=hint)
    return step


def _period(text: str) -> Grain:
    period = Grain.parse(text)
    if period.fixed is not None:
        hint = "Take day, week, month, quarter or year."
        raise WrongUse.of("bad-period", f"{text!r} is not a period of the calendar.", hint=hint)
    return period


def _sql(value: object) -> object:
    """A bare number or true is SQL, too."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and not value.strip():
        raise mistake("empty-text", "There is no text here.")
    return str(value) if isinstance(value, int | float) else value


_MONEY = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*([A-Z]{3})?")


def _money(value: object) -> tuple[float, str]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value), ""
    match = _MONEY.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise mistake("bad-value", "The value of one unit is not an amount of money.", (), "Write it as 5200 USD.")
    return float(match[1]), match[2] or ""


def _bytes(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse_size(value)
    except WrongUse as error:
        problem = error.problems[0]
        raise mistake(problem.code, problem.message, problem.nearest, problem.hint) from None


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _not_yet(use: str) -> Callable[[object], object]:
    def refuse(_: object) -> object:
        raise mistake("not-yet", "This is understood, but not served yet.", (), use)

    return refuse


def not_yet(use: str) -> BeforeValidator:
    """A key of the language that later versions serve; `use` says what to write until then."""
    return BeforeValidator(_not_yet(use))


def _key_columns(value: object) -> object:
    columns = (value,) if isinstance(value, str) else value
    if isinstance(columns, tuple) and columns and all(isinstance(column, str) for column in columns):
        return {column: column for column in columns}
    if not isinstance(columns, dict) or not columns:
        raise mistake("wrong-type", "A key is a column, a list of them, or {this side's column: the other side's}.")
    return columns


def nothing_is_empty(value: object) -> object:
    """`origin:` with nothing after it is `origin: {}`."""
    return {} if value is None else value


GrainText = Annotated[Grain, _parsed(_step, "15 minutes")]
DurationText = Annotated[timedelta, _parsed(parse_duration, "2 hours")]
LengthText = Annotated[Span, _parsed(parse_length, "28 days")]
PeriodText = Annotated[Grain, _parsed(_period, "month")]
ZoneText = Annotated[str, _parsed(_zone_name, "Europe/Berlin")]
SqlText = Annotated[str, BeforeValidator(_sql, json_schema_input_type=str | float | bool)]
Money = Annotated[tuple[float, str], PlainValidator(_money, json_schema_input_type=str | float)]
SizeText = Annotated[int, BeforeValidator(_bytes, json_schema_input_type=int | str)]
Words = Annotated[tuple[str, ...], BeforeValidator(_one_or_more, json_schema_input_type=str | tuple[str, ...])]
KeyColumns = Annotated[
    dict[str, str], BeforeValidator(_key_columns, json_schema_input_type=str | tuple[str, ...] | dict[str, str])
]
Ignored = SkipJsonSchema[Any]


class ShownDocument(Document):
    """How a dimension, measure or metric is shown to people."""

    label: str | None = Field(None, description="What people read; made from the name where it is left out.")
    description: str = Field("", description="What it means, in a sentence.")
    owner: str = Field("", description="Whom to ask about it.")
    synonyms: Words = Field((), description="Other words people use for it.")
    unit: str = Field("", description="The unit of its numbers, such as min.")
    format: Literal["", "percent", "number", "currency"] = Field("", description="How its numbers are written.")
    better: Literal["up", "down"] | None = Field(None, description="Which way is good news.")
