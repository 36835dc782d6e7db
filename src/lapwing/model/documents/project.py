"""lapwing.yaml and monitors/*.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from lapwing.model.documents.base import (
    Document,
    GrainText,
    Ignored,
    Words,
    ZoneText,
    mistake,
    nothing_is_empty,
)
from lapwing.model.names import nearest

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PATHS = ("files", "duckdb", "sqlite")


class SourceDocument(Document):
    """Where data lives: files, duckdb and sqlite have a path, postgres has a dsn."""

    type: Literal["files", "duckdb", "sqlite", "postgres"]
    path: str | None = Field(None, description="Relative to the project's folder, or absolute.")
    dsn: str | None = Field(None, description='Such as "${CRM_DSN}": secrets come from the environment.')
    schemas: Words = Field((), description="The schemas to show; all, where left out.")
    time_limit: Annotated[float, Field(gt=0)] = Field(30.0, description="Seconds for one read.")

    @model_validator(mode="after")
    def _place_of_data(self) -> SourceDocument:
        wanted, other = ("path", "dsn") if self.type in _PATHS else ("dsn", "path")
        if not getattr(self, wanted):
            raise mistake("missing-key", f"A source of type {self.type} needs {wanted}.")
        if getattr(self, other) is not None:
            raise mistake(
                "unused-key", f"A source of type {self.type} has {wanted}, not {other}.", (), f"Remove {other}."
            )
        return self


def _store_type(value: object) -> object:
    if value == "bigtable":
        raise mistake("not-yet", "bigtable is understood, but not served yet.", (), "Until then: type: lmdb.")
    return value


class StoreDocument(Document):
    """Where rollups are kept."""

    type: Annotated[Literal["lmdb", "memory"], BeforeValidator(_store_type)] = "lmdb"
    path: str | None = Field(None, description=".lapwing/store, where left out.")
    instance: Ignored = None


def _number_text(value: object) -> object:
    """A year written bare is a number in YAML."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


TimeText = Annotated[str, BeforeValidator(_number_text, json_schema_input_type=str | int)]


class EventDocument(Document):
    """Something known that explains numbers. The end is exclusive: to 2013-03 is until March begins."""

    name: str
    start: TimeText
    end: TimeText | None = None


def _texts(value: object) -> object:
    """A slice's values are compared as text: 2013 and true may be written bare."""
    if not isinstance(value, dict):
        return value
    return {
        key: str(item).lower() if isinstance(item, bool) else str(item) if isinstance(item, int | float) else item
        for key, item in value.items()
    }


class MonitorDocument(Document):
    """What someone watches."""

    metric: str = Field(description="metric, or dataset.metric")
    grain: GrainText
    by: Words = Field((), description="One series for each value of these dimensions.")
    slice: Annotated[dict[str, str], BeforeValidator(_texts)] = Field(default_factory=dict)
    sensitivity: Annotated[float, Field(ge=3, le=10)] = Field(5.0, description="Robust standard deviations.")
    min_change: Annotated[float, Field(ge=0)] | None = Field(None, description="The smallest change worth raising.")


def _week_start(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 6:
        return value
    if isinstance(value, str) and value.lower() in WEEKDAYS:
        return WEEKDAYS.index(value.lower())
    likely = nearest(value, WEEKDAYS) if isinstance(value, str) else ()
    raise mistake("bad-week-start", "A week starts on a weekday.", likely, "Write monday or sunday.")


Monitors = Annotated[dict[str, MonitorDocument], BeforeValidator(nothing_is_empty)]


class ProjectDocument(Document):
    """lapwing.yaml."""

    name: str
    timezone: ZoneText = "UTC"
    week_start: Annotated[int, PlainValidator(_week_start, json_schema_input_type=Literal[WEEKDAYS] | int)] = 0
    now: TimeText | None = Field(None, description="The moment at which the clock stands, for data of the past.")
    sources: dict[str, SourceDocument] = Field(default_factory=dict)
    store: StoreDocument = Field(default_factory=lambda: StoreDocument.model_validate({}))
    state: str = Field(".lapwing/state.db", description="Where follows and incidents are kept.")
    events: tuple[EventDocument, ...] = ()
    monitors: Monitors = Field(default_factory=dict)


class MonitorsDocument(Document):
    """monitors/*.yaml."""

    monitors: Monitors = Field(default_factory=dict)
