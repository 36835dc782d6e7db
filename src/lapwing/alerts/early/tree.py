"""The metric tree: which metrics a metric is made of, so that their trouble comes before its own."""

from __future__ import annotations

from lapwing.alerts.why.factors import explaining, links
from lapwing.model.dataset import Dataset


def upstream(dataset: Dataset) -> dict[tuple[str, str], int]:
    """(leader, follower) by qualified names, with 1 where they move the same way and -1 where the one divides the other.

    The factors of an amount lead it (spend = requests x fill rate x price); so does what a ratio over it is divided by
    (clicks / impressions: impressions lead clicks).
    """
    found = {(part, whole): power for whole, of in explaining(dataset).items() for part, power in of.items()}
    for link in links(dataset):
        found.setdefault((f"{dataset.name}.{link.under}", f"{dataset.name}.{link.over}"), 1)
    return {pair: power for pair, power in found.items() if pair[0] != pair[1]}
