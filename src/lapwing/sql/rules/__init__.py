"""The rules that make scans smaller, in the order they are applied: one file each."""

from __future__ import annotations

from lapwing.sql.rules.base import Rule
from lapwing.sql.rules.best import best
from lapwing.sql.rules.conditions import conditions
from lapwing.sql.rules.estimate import estimate
from lapwing.sql.rules.limit import limit
from lapwing.sql.rules.projection import projection

RULES: tuple[Rule, ...] = (projection, conditions, limit, best, estimate)
