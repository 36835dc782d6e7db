"""One time for all of a statement: what the engine's functions that ask a clock say.

A statement is planned by one instance of the engine, run by another, and parts of it are asked of sources. Each would
look at its own clock: across midnight rows of today's date would be read and then be found to be yesterday's.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

_TIMES = {
    "now": "{}",
    "get_current_timestamp": "{}",
    "transaction_timestamp": "{}",
    "current_date": "CAST({} AS DATE)",
    "today": "CAST({} AS DATE)",
    "current_localtimestamp": "CAST({} AS TIMESTAMP)",
    "get_current_time": "CAST({} AS TIMETZ)",
    "current_localtime": "CAST(CAST({} AS TIMESTAMP) AS TIME)",
}
# Written without parentheses, which the engine takes for the functions beside them.
_WORDS = {
    "current_timestamp": "get_current_timestamp",
    "localtimestamp": "current_localtimestamp",
    "current_time": "get_current_time",
    "localtime": "current_localtime",
}
# Of a single moment it tells how long that was before today began: in the session's zone, as PostgreSQL and current_date
# have it; the engine's own goes by UTC where the moment has no zone.
_AGE = (
    "age(t TIMESTAMP) AS system.main.age(CAST(CAST({0} AS DATE) AS TIMESTAMP), t), "
    "(t TIMESTAMPTZ) AS system.main.age(CAST(CAST({0} AS DATE) AS TIMESTAMPTZ), t), "
    "(t, u) AS system.main.age(t, u)"
)
CLOCKS = frozenset((*_TIMES, *_WORDS, "age"))
"""Functions whose values depend on when they are asked, in small letters; some are written without parentheses."""


def stopped(moment: datetime, names: Collection[str]) -> str:
    """SQL by which a connection of the engine takes `moment` for now, in the zone of its session, wherever a statement calls
    functions of these names. Those that are no clocks may be made of one, as `ago` is."""
    now = f"TIMESTAMPTZ '{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00'"
    asked = {_WORDS.get(name, name if name in CLOCKS else "get_current_timestamp") for name in names}
    macros = [f"{name}() AS {_TIMES[name].format(now)}" for name in sorted(asked - {"age"})]
    macros += [_AGE.format(now)] if "age" in asked else []
    return "; ".join(f"CREATE OR REPLACE TEMP MACRO {macro}" for macro in macros)
