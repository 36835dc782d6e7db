"""What someone watches, from YAML or by following in the UI: both are this object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lapwing.model.grain import Grain
from lapwing.model.problem import Place

WARNINGS: tuple[Literal["drift"], Literal["leading"]] = ("drift", "leading")
"""What a monitor is looked at for before anything is unusual, unless it says otherwise."""
SENSITIVITY = 3.75
"""Robust standard deviations, unless a monitor says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """Watches `metric` ("dataset.metric" is always qualified here) at `grain`, whole or within `slice` (dimension ->
    value), or one series for each value of `by`. `min_change` is the smallest |actual - expected|, in the metric's
    unit, worth raising (None: learned from history). `sensitivity` is the number of robust standard deviations, 3 to 10.
    `warnings`: the kinds of early warning that it may raise.
    """

    name: str
    dataset: str
    metric: str
    grain: Grain
    by: tuple[str, ...] = ()
    slice: tuple[tuple[str, str], ...] = ()
    sensitivity: float = SENSITIVITY
    min_change: float | None = None
    tags: tuple[str, ...] = ()
    warnings: tuple[str, ...] = WARNINGS
    place: Place = field(default_factory=Place, compare=False)
