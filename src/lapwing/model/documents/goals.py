"""goals and limits in lapwing.yaml."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from lapwing.model.documents.base import (
    Document,
    DurationText,
    GrainText,
    PeriodText,
    mistake,
    nothing_is_empty,
)
from lapwing.model.goal import CHANCE, LIMIT_CHANCE, TOLERANCE, Aim
from lapwing.model.grain import Grain, Unit

PERIODS = (Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.QUARTER)
AHEAD = 400
"""Buckets that can be looked ahead at most."""
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*(%?)")


def texts(value: object) -> object:
    """A slice's values are compared as text: 2013 and true may be written bare."""
    if not isinstance(value, dict):
        return value
    return {
        key: str(item).lower() if isinstance(item, bool) else str(item) if isinstance(item, int | float) else item
        for key, item in value.items()
    }


def _share(value: object) -> float:
    """5% or 0.05."""
    match = None if isinstance(value, bool) else _SHARE.fullmatch(str(value).strip())
    share = float(match[1]) / (100 if match[2] else 1) if match else -1.0
    if not 0 <= share < 1:
        raise mistake("bad-share", "This is not a share of the goal.", (), "Write 5% or 0.05.")
    return share


def _amounts(value: object) -> float | dict[str, float]:
    """One amount, or one for each stretch of time by its beginning."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, dict) and value:
        wrong = next(
            (item for item in value.values() if isinstance(item, bool) or not isinstance(item, int | float)), None
        )
        if wrong is None:
            return {str(key): float(item) for key, item in value.items()}
    hint = "Write a number such as 120000, or a table such as {2026-01: 120000, 2026-04: 150000}."
    raise mistake("bad-amount", "The amount of a goal is a number, or a table of numbers by time.", (), hint)


Slice = Annotated[dict[str, str], BeforeValidator(texts)]
Share = Annotated[float, PlainValidator(_share, json_schema_input_type=str | float)]
Amounts = Annotated[float | dict[str, float], PlainValidator(_amounts, json_schema_input_type=float | dict[str, float])]
Chance = Annotated[float, Field(ge=0.5, le=0.99)]


class GoalDocument(Document):
    """What a metric is to come to by the end of each period: at_least, at_most or exactly."""

    metric: str = Field(description="metric, or dataset.metric")
    period: PeriodText = Field(description="day, week, month or quarter, by the project's calendar.")
    at_least: Amounts | None = Field(
        None, description="An amount, or a table of amounts by the time from which each holds, such as {2026-01: 5000}."
    )
    at_most: Amounts | None = Field(None, description="The same for a budget.")
    exactly: Amounts | None = Field(None, description="The same for what is to be met, such as a delivery.")
    tolerance: Share | None = Field(None, description="With exactly: how far from it is still well; 5%, unless said.")
    slice: Slice = Field(default_factory=dict, description="Only where these dimensions have these values.")
    chance: Chance = Field(CHANCE, description="How likely a miss is before it is told.")

    @property
    def by(self) -> tuple[str, ...]:
        """A goal is of one series."""
        return ()

    @property
    def aim(self) -> Aim:
        return next(aim for aim in Aim if getattr(self, aim) is not None)

    @property
    def room(self) -> float:
        """The tolerance."""
        usual = TOLERANCE if self.exactly is not None else 0.0
        return usual if self.tolerance is None else self.tolerance

    @model_validator(mode="after")
    def _one_aim(self) -> GoalDocument:
        given = [str(aim) for aim in Aim if getattr(self, aim) is not None]
        if len(given) != 1:
            says = "A goal has one of at_least, at_most and exactly" + (
                f", not {' and '.join(given)}." if given else "."
            )
            raise mistake("goal-aim", says, (), "Say which side is well, such as at_least: 120000.")
        if self.tolerance is not None and self.exactly is None:
            hint = f"Put it into the amount of {given[0]}, or take exactly."
            raise mistake("unused-key", f"A tolerance belongs to exactly, not to {given[0]}.", (), hint)
        if self.period.unit not in PERIODS:
            raise mistake(
                "bad-period",
                f"A goal can't be of a {self.period}.",
                (str(PERIODS[-1]),),
                "Take day, week, month or quarter.",
            )
        return self


class LimitDocument(Document):
    """What a metric is not to cross: above or below."""

    metric: str = Field(description="metric, or dataset.metric")
    grain: GrainText = Field(Grain(1, Unit.DAY), description="hour or day: what is compared with the limit.")
    above: float | None = Field(None, description="More than this is too much.")
    below: float | None = Field(None, description="Less than this is too little.")
    within: DurationText | None = Field(
        None, description="How far ahead a crossing is told: 14 days, or 2 by hour, unless said."
    )
    slice: Slice = Field(default_factory=dict, description="Only where these dimensions have these values.")
    chance: Chance = Field(LIMIT_CHANCE, description="How likely a crossing is before it is told.")

    @property
    def by(self) -> tuple[str, ...]:
        """A limit is of one series."""
        return ()

    @property
    def ahead(self) -> int:
        """Buckets within which a crossing is told."""
        hourly = self.grain.unit is Unit.HOUR
        within = self.within or timedelta(days=2 if hourly else 14)
        return int(within / timedelta(hours=1 if hourly else 24))

    @model_validator(mode="after")
    def _one_side(self) -> LimitDocument:
        if (self.above is None) == (self.below is None):
            raise mistake("limit-side", "A limit has one of above and below.", (), "Write above: 0.1, or below: 0.1.")
        if self.grain not in (Grain(1, Unit.HOUR), Grain(1, Unit.DAY)):
            raise mistake("bad-grain", f"A limit is watched by hour or day, not by {self.grain}.", ("hour", "day"))
        if not 1 <= self.ahead <= AHEAD:
            says = f"A limit by {self.grain} looks ahead 1 to {AHEAD} {self.grain}s."
            raise mistake("bad-duration", says, (), "Write within: 7 days.")
        return self


Goals = Annotated[dict[str, GoalDocument], BeforeValidator(nothing_is_empty)]
Limits = Annotated[dict[str, LimitDocument], BeforeValidator(nothing_is_empty)]
