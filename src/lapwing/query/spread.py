"""How the keys of a project's rollups spread over a store: where a table of them is best cut."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from lapwing.cache.definition import define
from lapwing.cache.keys import rollup_prefix, values_prefix
from lapwing.model.problem import LapwingError

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing


def splits(lapwing: Lapwing) -> tuple[bytes, ...]:
    """The keys at which the chunks and the indexes of each rollup begin, sorted. A rollup's id is a hash, so rollups lie
    anywhere; within one the keys are those of its dimensions, which the store cuts by itself as they come."""
    return tuple(sorted(owners(lapwing)))


def owners(lapwing: Lapwing) -> dict[bytes, str]:
    """By the beginning of their keys, what belongs to which rollup. Rollups whose source does not answer now are left out."""
    found: dict[bytes, str] = {}
    for dataset in lapwing.project.datasets.values():
        with suppress(LapwingError):
            bound = lapwing.sql.bind(dataset)
            for rollup in dataset.rollups.values():
                with suppress(LapwingError):
                    one = define(bound, rollup, lapwing.project.timezone)
                    found |= {rollup_prefix(one.id): one.name, values_prefix(one.id): f"{one.name} (index)"}
    return found
