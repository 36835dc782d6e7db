"""Where a dataset's rows come from: its table, its joins, and the columns that name a join."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from lapwing.model.documents.dataset import DatasetDocument
from lapwing.model.documents.read import Draft
from lapwing.model.names import NAME, nearest
from lapwing.model.positions import Location
from lapwing.model.problem import Problem

_PART = re.compile(r'(?:[^."\s]+|"(?:[^"]|"")+")')


def parts(path: str) -> tuple[str, ...]:
    """The parts of a dotted name, which may be quoted; empty where it isn't one.

    >>> parts('files."2013.flights"')
    ('files', '"2013.flights"')
    """
    found = _PART.findall(path)
    return tuple(found) if ".".join(found) == path.strip() else ()


def column_sql(column: str) -> str:
    """A column's name as SQL: quoted where it isn't a plain word (`dep time`), left alone where it is quoted already."""
    words = parts(column) or (column,)
    return ".".join(
        word if NAME.match(word) or word.startswith('"') else '"' + word.replace('"', '""') + '"' for word in words
    )


def tables(draft: Draft[DatasetDocument], sources: Collection[str] | None) -> Iterator[Problem]:
    """Tables are in known `sources` (None: these are not known for their own mistakes)."""
    document, located = draft.document, draft.located
    if document.table is not None and document.sql is not None:
        says = "A dataset is a table or sql, not both."
        yield Problem("table-and-sql", says, located.key("sql"), hint="Keep one of them.")
    elif document.table is None and document.sql is None and not (draft.is_broken("table") or draft.is_broken("sql")):
        says = f"The dataset {document.dataset} has no rows: neither table nor sql is given."
        yield Problem("missing-key", says, located.key("dataset"), hint="Add table: source.table.")
    if document.table is not None:
        yield from _table(draft, document.table, ("table",), sources)
    for name, join in document.joins.items():
        yield from _table(draft, join.table, ("joins", name, "table"), sources)
        if not join.many_to_one:
            yield Problem(
                "not-many-to-one",
                f"The join {name} may give several rows for one; then rows would be counted twice.",
                located.key("joins", name, "many_to_one"),
                hint="Join a table with one row for each key, or write the join in the dataset's sql.",
            )
    yield from _columns(draft)


def _table(
    draft: Draft[DatasetDocument], path: str, location: Location, sources: Collection[str] | None
) -> Iterator[Problem]:
    place = draft.located.key(*location)
    words = parts(path)
    if len(words) not in (2, 3):
        likely = tuple(f"{source}.{path}" for source in sources or ()) if len(words) == 1 else ()
        says = f"{path!r} does not name a table."
        yield Problem("bad-table", says, place, likely[:3], "Write source.table or source.schema.table.")
    elif sources is not None and words[0].strip('"') not in sources:
        near = tuple(".".join((source, *words[1:])) for source in nearest(words[0], sources))
        hint = None if near else f"The sources are {', '.join(sources) or 'none yet'}; they stand in lapwing.yaml."
        yield Problem("unknown-source", f"There is no source {words[0]}.", place, near, hint)


def _columns(draft: Draft[DatasetDocument]) -> Iterator[Problem]:
    joins = {*draft.document.joins, draft.document.dataset}
    for name, dimension in draft.document.dimensions.items():
        words = parts(dimension.column or "")
        if len(words) != 2 or words[0] in joins or draft.is_broken("joins", words[0]):
            continue
        near = tuple(f"{join}.{words[1]}" for join in nearest(words[0], draft.document.joins))
        place = draft.located.key("dimensions", name, "column")
        hint = "The part before the point is a join's name. Write the field of a struct as sql:."
        yield Problem("unknown-join", f"There is no join {words[0]}.", place, near, hint)
