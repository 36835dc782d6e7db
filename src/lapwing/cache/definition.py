"""What a rollup of a bound dataset holds: its states, the types of its keys, and the hash over all of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from lapwing.cache.keys import manifest_key, rollup_id
from lapwing.cache.layout import Layout, layout_of, owners
from lapwing.model.calendar import DAY
from lapwing.model.dataset import Rollup
from lapwing.model.grain import Unit
from lapwing.model.hashing import rollup_hash
from lapwing.model.problem import Refused
from lapwing.sql.bound import BoundDataset
from lapwing.states import state_for
from lapwing.states.base import Rows, State

_FORMAT = 4  # of the chunks' and directories' layout, and of where partitions are cut
STILL_CONVERTED = "Rows go on being converted after they are built, so the sources are asked."
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_KEY_TYPES = frozenset((*_INTEGERS, "BOOLEAN", "VARCHAR", "DATE", "FLOAT", "DOUBLE"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Definition:
    """`grain` is in microseconds; partitions are cut in `zone`, the project's. `states` are those of the measures; `owners`
    names for each the measure under which its state is kept, `kept` are these, and `layout` says where. `refused` says of
    measures why they can't be kept."""

    bound: BoundDataset
    rollup: Rollup
    name: str
    hash: str
    id: bytes
    manifest_key: bytes
    grain: int
    zone: str
    states: Mapping[str, State]
    owners: Mapping[str, str]
    kept: Mapping[str, State]
    layout: Layout
    refused: Mapping[str, str]
    follows: Definition | None = None
    """The rollup that this one is an ancestor of."""


def define(bound: BoundDataset, rollup: Rollup, zone: str) -> Definition:
    """`zone` is the project's, in which expressions over time are evaluated.

    Raises:
        Refused: a grain, a dimension's type or a measure that can't be kept; says which.
    """
    dataset = bound.dataset
    states, refused = _states(bound, rollup)
    grain = DAY if rollup.grain.unit is Unit.DAY else rollup.grain.fixed
    if grain is None:
        raise Refused.of(
            "rollup-grain",
            f"Rollup {dataset.name}.{rollup.name} has a grain of a {rollup.grain}, whose length varies.",
            place=rollup.place,
            hint="Keep it by day or finer; weeks, months and years are answered from that.",
        )
    for name in rollup.dimensions:
        if bound.dimensions[name] not in _KEY_TYPES:
            raise Refused.of(
                "rollup-dimension",
                f"Dimension {name} is of type {bound.dimensions[name]}, which can't be part of a rollup's key.",
                place=rollup.place,
                hint="Cast it in the dimension's SQL, to VARCHAR or DATE say, or leave it out of the rollup.",
            )
    name = f"{dataset.name}.{rollup.name}"
    owned = owners(bound, states)
    kept = {measure: state for measure, state in states.items() if owned[measure] == measure}
    meaning = {
        "format": _FORMAT,
        "rollup": rollup_hash(dataset, rollup),
        "zone": zone,
        "time": bound.time_type,
        "dimensions": [bound.dimensions[dimension] for dimension in rollup.dimensions],
        "states": {m: [s.kind, bound.arguments[m], [c.dtype for c in s.columns]] for m, s in states.items()},
        "owners": owned,
    }
    digest = hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()[:16]
    return Definition(
        bound=bound,
        rollup=rollup,
        name=name,
        hash=digest,
        id=rollup_id(name, digest),
        manifest_key=manifest_key(rollup_id(name, digest)),
        grain=grain,
        zone=zone,
        states=states,
        owners=owned,
        kept=kept,
        layout=layout_of(kept),
        refused=refused,
    )


def _states(bound: BoundDataset, rollup: Rollup) -> tuple[dict[str, State], dict[str, str]]:
    """The states of the measures that can be kept, and why the others can't."""
    states: dict[str, State] = {}
    refused: dict[str, str] = {}
    for name in rollup.measures:
        if bound.dataset.measures[name].followed is not None:
            refused[name] = STILL_CONVERTED
            continue
        try:
            state = state_for(bound.dataset.measures[name], bound.arguments[name])
            rows = Rows(None if bound.argument_sql[name] is None else "x", None, "t")
            state.sql(rows, "duckdb")
            state.entries_sql(rows, "duckdb")
            states[name] = state
        except Refused as error:
            refused[name] = error.problems[0].message
    return states, refused
