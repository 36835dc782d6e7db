"""What the documents share."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

Value = str | int | float | bool | None
"""A value of a dimension or a cell. Numbers that a double can't hold are text."""


class Document(BaseModel):
    """An answer. Its keys are all there unless the field has a default."""

    model_config = ConfigDict(extra="allow")


class Asked(BaseModel):
    """A request; unknown keys are refused, and texts that are none."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _written(cls, asked: Any) -> Any:
        if not _writable(asked):
            raise ValueError("a text holds half of a surrogate pair, which is no character")
        return asked


def _writable(value: Any) -> bool:
    """Whether all texts in it can be written as UTF-8."""
    match value:
        case str():
            return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)
        case dict():
            return all(_writable(name) and _writable(one) for name, one in value.items())
        case list():
            return all(map(_writable, value))
    return True


class PlaceDocument(Document):
    file: str | None = None
    line: int | None = None
    column: int | None = None
    key: str | None = None


class ProblemItem(Document):
    """One thing that is wrong. `code` is stable."""

    code: str
    message: str
    place: PlaceDocument | None = None
    nearest: list[str] | None = None
    hint: str | None = None


class ProblemDocument(Document):
    """RFC 9457. `code` is that of the first problem."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    problems: list[ProblemItem]
    query_id: str | None = None


class ColumnDocument(Document):
    """`type` is boolean, integer, decimal, float, text, date, time, timestamp, timestamptz, or Arrow's own name."""

    name: str
    type: str
    label: str | None = None


class TableColumn(Document):
    """A column of a source's table; `type` is the engine's, such as BIGINT."""

    name: str
    type: str


class PieceDocument(Document):
    """What one rollup, or the source, answered: which measures over which stretches of time, from the data of when."""

    by: str
    name: str
    keys: int
    rows: int
    bytes: int
    sql: str | None
    versions: list[str]
    stretches: list[tuple[str, str]]
    measures: list[str]
    estimated_keys: float | None
    estimated_bytes: float | None
    as_of: str | None
    store: str | None
    jobs: list[str]
    bytes_billed: int
    slot_ms: int


class ReasonDocument(Document):
    check: str
    passed: bool
    says: str


class ConsideredDocument(Document):
    rollup: str
    chosen: bool
    reasons: list[ReasonDocument]


class ReceiptDocument(Document):
    """How an answer came about. Times are UTC ISO 8601."""

    id: str
    asked: str
    start: str | None
    end: str | None
    zone: str
    grain: str | None
    pieces: list[PieceDocument]
    considered: list[ConsideredDocument]
    considered_total: int
    data_until: str | None
    missing: list[tuple[str, str]]
    bounds: dict[str, str]
    definitions: dict[str, str]
    milliseconds: dict[str, float]
    notes: list[str]
    as_known_at: str | None
    stale: list[tuple[str, str]]
    partial: bool
    exact: bool
