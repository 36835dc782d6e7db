"""What the pages are given: frozen and JSON-ready. Times in charts are UTC milliseconds, others ISO 8601 texts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lapwing.alerts.history import Value

Json = dict[str, Any]
SliceJson = Mapping[str, Value]


class View:
    """A view is the JSON of its fields."""

    def as_dict(self) -> Json:
        return plain(asdict(self))  # type: ignore[call-overload,no-any-return]  # every subclass is a dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart(View):
    """`outside`: judged, and outside its range. Nothing is drawn after `until`."""

    time: list[int]
    actual: list[float | None]
    expected: list[float | None]
    lower: list[float | None]
    upper: list[float | None]
    outside: list[bool]
    until: int


def plain(data: Any) -> Any:
    """JSON has no nan: what is not a number is null."""
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [plain(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def listed(values: npt.NDArray[np.float64]) -> list[float | None]:
    """A series for JSON, rounded to nine significant digits."""
    return [float(f"{value:.9g}") if math.isfinite(value) else None for value in values.tolist()]
