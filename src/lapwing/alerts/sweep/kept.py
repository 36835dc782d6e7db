"""The first look goes on from what was kept of it, as far as what it read is still the same."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from lapwing.alerts.checkpoints import newest, wanted
from lapwing.alerts.sweep.cuboids import Cuboid
from lapwing.alerts.sweep.looked import Looked
from lapwing.alerts.sweep.looking import Looking
from lapwing.alerts.sweep.parts import Damaged, Fetch, pack, unpack
from lapwing.alerts.sweep.reading import Panel, Reader
from lapwing.alerts.sweep.remembered import State
from lapwing.alerts.sweep.setting import Setting
from lapwing.alerts.sweep.stretches import Stretches
from lapwing.alerts.sweep.tracking import TooMany

MOST_BYTES = 16 << 20
"""What all that is remembered of one monitor may take..."""
LEAST_KEPT = 3
"""...if that is not less than the newest, the one before, and one for data that is late by more."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was kept: after which numbers of `buckets`, and its `parts`."""

    buckets: Collection[int]
    parts: Fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembering:
    """What is to be kept: parts by the buckets after which they were `made`. What was kept of `same` buckets or fewer is still
    true; what is `wanted` of all is after so many."""

    same: int
    wanted: frozenset[int] = frozenset()
    made: dict[int, dict[str, bytes]] = field(default_factory=dict)


def look(
    reader: Reader,
    chosen: Sequence[Cuboid],
    whole: Panel,
    setting: Setting,
    remembered: Remembered | None = None,
    sure: int = 0,
) -> tuple[Looked, Remembering]:
    """Screens every slice of the cuboids. `whole`: the one series that all are slices of; `sure`: before which bucket all
    that is read is what it was when it was `remembered`."""
    if remembered is not None and remembered.buckets:
        try:
            true = _still_true(reader, chosen, whole, setting, remembered, sure)
            if true is not None:
                return _gone_on(true)
        except (TooMany, Damaged):
            pass  # all is looked at anew
    slots = int(setting.slots.max(initial=0)) + 1
    blank = State.blank(chosen, setting.depth, slots, weighted=reader.plan.ratio)
    return _gone_on(Stretches(reader=reader, whole=whole, setting=setting, state=blank))


def _still_true(
    reader: Reader,
    chosen: Sequence[Cuboid],
    whole: Panel,
    setting: Setting,
    remembered: Remembered,
    sure: int,
) -> Stretches | None:
    """By the newest that is remembered of buckets that are as they were."""

    def before(most: int) -> State | None:
        at = newest(remembered.buckets, most)
        return None if at is None else unpack(at, remembered.parts)

    state = before(setting.complete)
    if state is None or {*chosen} != {*state.unread, *(one for level in state.levels[1:] for one in level.slices)}:
        return None
    stretches = Stretches(reader=reader, whole=whole, setting=setting, state=state)
    same = Looking(stretches).changed_since(min(sure, state.buckets))
    if same == state.buckets:
        return stretches
    # What has too many slices may have fewer now.
    state = None if state.unread else before(same)
    return None if state is None else stretches.of(state)


def _gone_on(stretches: Stretches) -> tuple[Looked, Remembering]:
    state, setting, looking = stretches.state, stretches.setting, Looking(stretches)
    found = Remembering(same=state.buckets)
    kept: list[frozenset[int]] = []

    def stops(room: int) -> frozenset[int]:
        kept.append(wanted(setting.complete, max(MOST_BYTES // max(room, 1), LEAST_KEPT)))
        return kept[0]

    def keep(state: State) -> None:
        found.made[state.buckets] = pack(state)

    looking.go_on(stops, keep)
    if not kept:  # nothing new
        stops(state.room)
    return looking.looked(len(setting.slots)), Remembering(same=found.same, wanted=kept[0], made=found.made)
