"""How many rows of a native source meet a condition: the engine counts them, as long as that is quick."""

from __future__ import annotations

from lapwing.model.problem import LapwingError
from lapwing.sources.engine import Engine

QUICK = 0.3
"""Seconds; planning is not to take longer than what it saves."""


def counted(engine: Engine, relation: str, where: str) -> float | None:
    """The rows of `relation` (text of the engine's FROM) that `where` is true of; None if that takes too long to tell."""
    with engine.cursor() as cursor:
        cursor.set_time_limit(QUICK)
        try:
            ((found,),) = cursor.execute(f"SELECT count(*) FROM {relation} WHERE {where}")
        except LapwingError:
            return None
        return float(found)
