"""The past of rollups: who published what when, and putting an earlier version back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lapwing.cache.ledger import Ledger
from lapwing.cache.manifest import Manifest
from lapwing.cache.owner import owner
from lapwing.cache.partition import Partition, Past
from lapwing.model.calendar import utc_iso
from lapwing.model.problem import NotFound, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A version of a partition as readers saw it, from `since` up to `until` (None: they see it now)."""

    rollup: str
    partition: Partition
    until: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack:
    """A partition of a rollup, which now has version `after` where it had `before`."""

    rollup: str
    start: int
    end: int
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What to put back: the version of that number, what readers saw at a moment (seconds since 1970), or (neither) the
    version before the present one."""

    version: int | None = None
    moment: float | None = None


def seen(rollup: str, manifest: Manifest, start: int | None, end: int | None) -> Iterator[Seen]:
    """All that is remembered of the partitions that overlap `[start, end)`, partition after partition, the latest first."""
    for partition in within(manifest, start, end):
        yield Seen(rollup=rollup, partition=partition, until=None)
        for past in reversed(manifest.history(partition.start)):
            yield Seen(rollup=rollup, partition=past.partition, until=past.until)


def within(manifest: Manifest, start: int | None, end: int | None) -> list[Partition]:
    """The present partitions that overlap `[start, end)`; those in quarantine, too."""
    return [p for p in manifest.partitions if (start is None or p.end > start) and (end is None or p.start < end)]


def roll_back(
    ledgers: Mapping[str, Ledger], target: Target, start: int | None, end: int | None, *, dry_run: bool
) -> list[RolledBack]:
    """Puts versions back in the partitions of rollups (by name) that overlap `[start, end)`; of each rollup all at once.

    Raises:
        NotFound: the version named is not kept.
        Refused: nothing else is kept of any of the partitions.
        Busy: someone is building there.
    """
    planned = {name: _planned(ledger.read(), target, start, end) for name, ledger in ledgers.items()}
    if not any(planned.values()):
        raise _nothing(ledgers, target)
    done: list[RolledBack] = []
    with owner() as by:
        for name, to in planned.items():
            present = {p.start: p for p in ledgers[name].read().partitions}
            if to and not dry_run:
                ledgers[name].roll_back(to, by)
            done += [
                RolledBack(
                    rollup=name,
                    start=at,
                    end=past.partition.end,
                    before=present[at].version,
                    after=past.partition.version,
                )
                for at, past in to.items()
            ]
    return done


def _planned(manifest: Manifest, target: Target, start: int | None, end: int | None) -> dict[int, Past]:
    """What to put back, by the start of its partition."""
    planned = {}
    for present in within(manifest, start, end):
        kept = [one for one in reversed(manifest.history(present.start)) if one.partition.quarantined is None]
        found = next((one for one in kept if _wanted(one, present, target)), None)
        if found is not None and found.partition.version != present.version:
            planned[present.start] = found
    return planned


def _wanted(one: Past, present: Partition, target: Target) -> bool:
    if target.version is not None:
        return one.partition.version == target.version
    if target.moment is not None:
        return one.partition.since <= target.moment < one.until
    return one.partition.version != present.version


def _nothing(ledgers: Mapping[str, Ledger], target: Target) -> Exception:
    names = ", ".join(ledgers)
    hint = "`lapwing rollups history` lists what is kept, and `history` in lapwing.yaml sets how long."
    if target.version is not None:
        return NotFound.of("unknown-version", f"Version {target.version} of {names} is not kept there.", hint=hint)
    then = "" if target.moment is None else f" of {utc_iso(int(target.moment * 1e6))}"
    return Refused.of("nothing-kept", f"No other version{then} is kept of {names} there.", hint=hint)


def earliest(manifests: Sequence[Manifest]) -> float | None:
    """When the first partition of any of the rollups was published, as far as that is remembered."""
    return min((p.since for manifest in manifests for p in _first_seen(manifest)), default=None)


def _first_seen(manifest: Manifest) -> Iterator[Partition]:
    for leaf in manifest.leaves:
        yield from leaf.partitions
        yield from (one.partition for one in leaf.past)
