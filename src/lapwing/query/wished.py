"""What the caller's wishes mean for the cache, and what they rule out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from lapwing.cache.request import Terms
from lapwing.model.expression import MeasureRef
from lapwing.model.problem import Refused, WrongUse
from lapwing.model.receipt import Considered
from lapwing.query.ask import Wishes
from lapwing.sql.bound import BoundDataset
from lapwing.states import state_for


def terms_of(wishes: Wishes, known_at: float | None = None) -> Terms:
    """What was known at a moment (seconds since 1970) no source can tell.

    Raises:
        WrongUse: wishes that leave no way, or a staleness that is no length of time.
    """
    if wishes.cache_only and not wishes.cache:
        raise WrongUse.of(
            "no-way", "Neither rollups nor the source may answer.", hint="Leave one of the two wishes out."
        )
    staleness = wishes.max_staleness
    if staleness is not None and not (math.isfinite(staleness) and staleness >= 0):
        raise WrongUse.of("bad-staleness", f"{staleness} is no number of seconds from 0.")
    if known_at is not None:
        return Terms(source=False, time_limit=wishes.time_limit, known_at=known_at)
    return Terms(source=not wishes.cache_only, staleness=staleness, time_limit=wishes.time_limit)


def check_exact(wishes: Wishes, asked: Mapping[str, Sequence[MeasureRef]], bound: Mapping[str, BoundDataset]) -> None:
    """Raises Refused where an exact answer is wished, and a measure has none."""
    if not wishes.exact:
        return
    for dataset, refs in asked.items():
        for name in dict.fromkeys(ref.measure for ref in refs):
            measure = bound[dataset].dataset.measures[name]
            error = state_for(measure, bound[dataset].arguments[name]).bound()
            if error is not None:
                says = f"{dataset}.{name} is a {measure.aggregation}, which is approximate: {error.says}."
                hint = (
                    "Leave the wish for an exact answer out, or count in SQL: count(distinct ...), quantile_cont(...)."
                )
                raise Refused.of("approximate", says, place=measure.place, hint=hint)


def not_in_cache(dataset: str, considered: Sequence[Considered]) -> Refused:
    """The error where rollups alone were to answer and none can."""
    why = next((r.says for one in considered for r in one.reasons if not r.passed), "It has no rollups.")
    says = f"No rollup of {dataset} has a part of the answer, and the source is not to be asked. {why}"
    error = Refused.of("not-in-cache", says, hint="`lapwing query --explain` tells of each rollup why not.")
    assert isinstance(error, Refused)
    return error
