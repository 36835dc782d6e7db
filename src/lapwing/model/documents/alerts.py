"""alerts: in lapwing.yaml: how many false alarms people put up with."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, PlainValidator

from lapwing.model.documents.base import Document, mistake
from lapwing.model.names import nearest

_WEEKS = {"day": 1 / 7, "week": 1.0, "month": 365.25 / 84}
_BUDGET = re.compile(r"(\d+(?:\.\d+)?)\s+(?:per|a|an)\s+(\w+)", re.ASCII)
_HINT = "Write 3 per week, 1 per day or 2 per month."


def _budget(value: object) -> float | None:
    """A number a week; None is none."""
    if value is None or value == "none":
        return None
    written = _BUDGET.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    if written is None:
        raise mistake("bad-budget", f"{value!r} is no budget of false alarms.", (), _HINT)
    if written[2] not in _WEEKS:
        near = nearest(written[2], _WEEKS)
        raise mistake("bad-budget", f"A budget is per day, week or month, not per {written[2]}.", near, _HINT)
    a_week = float(written[1]) / _WEEKS[written[2]]
    if not 0.01 <= a_week <= 1000:
        raise mistake("bad-budget", f"A budget of {value} makes no sense.", (), _HINT)
    return a_week


class AlertsDocument(Document):
    """How much all monitors together may raise."""

    budget: Annotated[float | None, PlainValidator(_budget, json_schema_input_type=str | None)] = Field(
        None,
        description="Alarms that nobody finds useful, of all monitors together, such as 3 per week; what is more is held "
        "back, the least unusual first. Left out: each monitor's sensitivity alone decides.",
    )
