"""Whether the table still has the columns, and of the types, that it had."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from lapwing.alerts.data.constants import ACCEPTED
from lapwing.alerts.data.facts import Facts
from lapwing.alerts.data.finding import Finding
from lapwing.alerts.data.seen import Changed, Seen
from lapwing.model.dataset import Dataset

_WORD = re.compile(r"\w+")


def schema(facts: Facts) -> Finding | None:
    """A used column is gone, or was lately given another type. Other changes are noted, and need nobody."""
    changed, columns = facts.seen.changed, facts.seen.columns
    if changed is None or columns is None:
        return None
    missing = [name for name in changed.gone if name not in columns]
    if missing or (changed.severe and not changed.gone and facts.at - changed.at < ACCEPTED):
        return Finding(kind="schema", says=changed.says, start=changed.at, size=1.0 + len(missing))
    if not changed.severe and changed.at == facts.at:
        return Finding(kind="schema", says=changed.says, start=changed.at, quiet=True)
    return None


def compared(seen: Seen, columns: Mapping[str, str], dataset: Dataset, at: int) -> Seen:
    """After a look at the table's columns (name to type)."""
    before = seen.columns
    if before is None or before == columns:
        return replace(seen, columns=dict(columns))
    used = _words(dataset)
    gone = [name for name in before if name not in columns]
    new = [name for name in columns if name not in before]
    other = [name for name in columns if name in before and before[name] != columns[name]]
    # The casing of names and their order do not matter; what is missed is what is named.
    lost = tuple(name for name in gone if name.lower() in used)
    severe = bool(lost) or any(name.lower() in used for name in other)
    said = [
        *([f"{_list(gone)} {'is' if len(gone) == 1 else 'are'} gone"] if gone else []),
        *(f"{name} is {columns[name]}, it was {before[name]}" for name in other[:3]),
        *([f"{_list(new)} {'is' if len(new) == 1 else 'are'} new"] if new else []),
    ]
    kept = seen.changed
    back = kept is not None and kept.gone and all(name in columns for name in kept.gone)
    if kept is not None and kept.gone and not back and not severe:
        return replace(seen, columns=dict(columns))  # what is missed is still the news
    text = "; ".join(said)
    uses = f" {dataset.name} uses {_list(list(lost))}." if lost else ""
    changed = Changed(
        at=at, says=f"Columns of {dataset.table or dataset.name} changed: {text}.{uses}", severe=severe, gone=lost
    )
    return replace(seen, columns=dict(columns), changed=None if back and not severe else changed)


def _list(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _words(dataset: Dataset) -> frozenset[str]:
    """Every word of what the dataset says of its rows, in lower case: its columns are among them."""
    measures, joins = dataset.measures.values(), dataset.joins.values()
    texts = [
        dataset.time.column,
        *(one.sql for one in dataset.dimensions.values()),
        *(text for one in measures for text in (one.argument, one.where) if text),
        *(left for join in joins for left, _ in join.on),
        dataset.changes.column if dataset.changes is not None and dataset.changes.column else "",
    ]
    return frozenset(word.lower() for text in texts for word in _WORD.findall(text))
