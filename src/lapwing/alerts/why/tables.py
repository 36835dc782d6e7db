"""Every slice of each dimension: what there was, what was expected, and its part of the change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lapwing.alerts.chance import Floats
from lapwing.alerts.slicing.answer import Answer
from lapwing.alerts.slicing.split import rate_and_mix
from lapwing.alerts.why.change import Row, Table
from lapwing.alerts.why.leaves import Leaves


def tables(leaves: Leaves, answer: Answer, direction: int, titles: dict[str, str]) -> tuple[Table, ...]:
    """One for each dimension that has more than one value; what was expected is as in `answer`, `titles`: what dimensions are
    called."""
    history = leaves.history
    found = []
    for place, name in enumerate(history.dimensions):
        values = history.values[place]
        if len(values) > 1:
            rows = slices(leaves, history.codes[place], len(values), answer)
            named = [replace(row, value=values[i]) for i, row in enumerate(rows)]
            named.sort(key=lambda row: -direction * (row.difference if history.weights is None else _change(row)))
            found.append(Table(name, titles[name], tuple(named)))
    return tuple(found)


def slices(leaves: Leaves, key: np.ndarray, count: int, answer: Answer) -> list[Row]:
    """Each slice, without its value; `key`: (leaves,), which one each leaf is in."""
    history, chosen = leaves.history, list(answer.baseline)

    def summed(cells: Floats) -> Floats:
        return np.bincount(key, cells, minlength=count).astype(np.float64)

    now, then = summed(history.amounts[:, -1]), summed(history.amounts[:, chosen].mean(1))
    ratio = history.weights is not None
    exposed = None
    if leaves.exposure is not None:
        exposed = summed(leaves.exposure[:, -1]), summed(leaves.exposure[:, chosen].mean(1))
        if exposed[0].sum() <= 0 or exposed[1].sum() <= 0:
            exposed = None
    then = _scaled(then, None if exposed is None else exposed[1], answer)
    expected, rates, mix, before, after = then, None, None, None, None
    if exposed is not None:
        rates, mix = rate_and_mix(then, exposed[1], now, exposed[0])
        before, after = _rate(then, exposed[1]), _rate(now, exposed[0])
        if ratio:
            whole = then.sum() / exposed[1].sum()
            expected = np.where(np.isnan(before), whole, before) * exposed[0]
    difference = now - expected
    parts = rates + mix if ratio and rates is not None and mix is not None else difference
    total = float(parts.sum())
    sized = np.abs(then) if exposed is None else exposed[1]  # of either sign it counts by how large it is
    size = sized / sized.sum() if sized.sum() > 0 else np.zeros(count)
    share = parts / total if total else np.full(count, np.nan)

    def known(column: Floats | None, i: int) -> float | None:
        return None if column is None or np.isnan(column[i]) else float(column[i])

    return [
        Row(
            value=None,
            label=None,
            actual=float(now[i]),
            expected=float(expected[i]),
            difference=float(difference[i]),
            share=known(share, i),
            size=float(size[i]),
            before_rate=known(before, i),
            after_rate=known(after, i),
            rate=known(rates, i),
            mix=known(mix, i),
        )
        for i in range(count)
    ]


def _change(row: Row) -> float:
    """What a slice adds to the change of a ratio."""
    return (row.rate or 0.0) + (row.mix or 0.0)


def _scaled(then: Floats, exposed: Floats | None, answer: Answer) -> Floats:
    """What the past says, times what is known of the whole."""
    if answer.mirrored and exposed is not None:
        return np.asarray(exposed - (exposed - then) * answer.factor, np.float64)
    return np.asarray(then * answer.factor, np.float64)


def _rate(amount: Floats, weight: Floats) -> Floats:
    found: Floats = np.divide(amount, weight, out=np.full(len(amount), np.nan), where=weight > 0)
    return found
