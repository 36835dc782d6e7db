"""Who can build a rollup: one file for each kind of builder, behind one contract."""

from __future__ import annotations

from lapwing.cache.builders.base import AnyBuilder
from lapwing.cache.builders.duckdb import DuckdbBuilder
from lapwing.cache.builders.source import SourceBuilder
from lapwing.model.names import nearest
from lapwing.model.problem import Refused, WrongUse
from lapwing.sql.service import SqlService

_BUILDERS = {kind.name: kind for kind in (DuckdbBuilder, SourceBuilder)}
_LATER = {"beam": "Apache Beam aggregates"}


def builder_of(name: str, sql: SqlService) -> AnyBuilder:
    """The builder called `name`.

    Raises:
        Refused: known, but not there yet.
        WrongUse: unknown, with the nearest names.
    """
    if name in _BUILDERS:
        return _BUILDERS[name](sql)
    if name in _LATER:
        raise Refused.of(
            "not-yet", f"The builder {name}, where {_LATER[name]}, is not there yet.", hint="Use the builder duckdb."
        )
    raise WrongUse.of("unknown-builder", f"There is no builder {name}.", nearest=nearest(name, [*_BUILDERS, *_LATER]))
