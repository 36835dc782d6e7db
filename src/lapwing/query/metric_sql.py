"""`metrics.<dataset>` in SQL: each SELECT over one becomes a metric query, and its answer takes the SELECT's place.

    select carrier, measure(cancel_rate) from metrics.flights where origin = 'EWR' group by carrier order by 2

Dimensions, `date_trunc('day', scheduled)` and metrics (by name or as MEASURE(name)) may be selected, combined in
expressions and windows, filtered (dimensions and time in WHERE, metrics in HAVING, dimensions in FILTER) and ordered.
Grouping is by what is selected and by what GROUP BY says; without a metric it tells which groups there are. The time by
itself groups by moments, and `*` is the time, every dimension and every metric. A join may choose groups, or tell them
from the rest, and EXISTS choose rows: see `metric_join`, `metric_rest` and `metric_exists`.
`metrics.flights AT (TIMESTAMP => '2026-01-31T12:00')` is what was known at that moment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lapwing.model.dataset import Dataset
from lapwing.model.names import nearest
from lapwing.model.problem import NotFound, Place, WrongUse
from lapwing.model.project import Project
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.metric_select import MetricSelect, not_alone
from lapwing.query.metric_tree import Written
from lapwing.query.metric_value import Ask

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from lapwing.query.answer import Answer

_ZONED = re.compile(r"(?P<before>\bdate_trunc\s*\(\s*'\w+'\s*,\s*[\w.\"]+)\s*,\s*(?P<zone>'[^']*')\s*\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rewritten:
    """The statement with `given.<name>` in place of every `metrics.<dataset>`, and what these hold. `told`: what was asked
    before, of conditions."""

    text: str
    given: Mapping[str, pa.Table]
    answers: tuple[Answer, ...]
    told: tuple[str, ...] = ()


def mentions_metrics(text: str) -> bool:
    """A quick look, so that a statement without metrics costs nothing."""
    return "metrics" in text.lower()


def rewrite(
    text: str, *, project: Project, zone: str, wishes: Wishes, answer: Callable[[MetricQuery], Answer], ask: Ask
) -> Rewritten:
    """Answers every SELECT over `metrics.<dataset>` in `text`, which has to parse. `ask` runs what conditions ask first.

    Raises:
        WrongUse, NotFound: a SELECT asks something that a metric query is not; says what to write instead.
    """
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    if found := _ZONED.search(text):  # sqlglot would leave the zone out
        hint = f"Write {found['before']} at time zone {found['zone']})."
        raise WrongUse.of("zone-argument", f"{found[0]} has one argument too many.", hint=hint)
    try:
        tree = parse_one(text, dialect="duckdb")
    except SqlglotError as error:  # it reads less than the engine does
        hint = "Write it with plainer means, or read metrics in a subquery of its own."
        where = Place(line=1, column=1)
        raise WrongUse.of("syntax", "A statement over metrics is not understood so.", place=where, hint=hint) from error
    written = Written(text)
    given: dict[str, pa.Table] = {}
    answers: list[Answer] = []
    told: list[str] = []
    for table in list(tree.find_all(exp.Table)):
        if table.db.lower() != "metrics" or table.catalog or table.root() is not tree:
            continue  # a subquery that was asked first is not there any more
        select = table.find_ancestor(exp.Select)
        dataset = _dataset(table, project, written)
        joined = isinstance(table.find_ancestor(exp.Join, exp.Select), exp.Join)
        if select is None or joined:
            raise not_alone(table, dataset, written)
        block = MetricSelect(select, table, dataset, zone=zone, week_start=project.week_start, ask=ask, written=written)
        query = block.query()
        query = replace(query, zone=query.zone or zone, wishes=wishes, as_known_at=_known_at(table, written))
        result = answer(query)
        block.check(result.table)
        name = f"m{len(given)}"
        given[name], beside = block.filters.beside(result.table, query, answer, ask)
        answers += [result, *beside]
        told += block.told
        block.replace_by(name)
    return Rewritten(text=tree.sql(dialect="duckdb"), given=given, answers=tuple(answers), told=tuple(told))


def _dataset(table: exp.Table, project: Project, written: Written) -> Dataset:
    name, known = table.name, project.datasets
    found = known.get(name) or next((one for one in known.values() if one.name.lower() == name.lower()), None)
    if found is None:
        near = nearest(name, known)
        raise NotFound.of("unknown-dataset", f"There is no dataset {name}.", place=written.place(table), nearest=near)
    return found


def _known_at(table: exp.Table, written: Written) -> str | None:
    """The moment in AT (TIMESTAMP => ...), as what was known then is asked.

    Raises:
        WrongUse: it is no moment that is written out.
    """
    from sqlglot import exp

    when = table.args.get("when")
    if when is None:
        return None
    moment = when.expression
    moment = moment.this if isinstance(moment, exp.Cast) else moment
    if str(when.args["kind"]).upper() != "TIMESTAMP" or not (isinstance(moment, exp.Literal) and moment.is_string):
        hint = "Write at (timestamp => '2026-01-31T12:00'), or a text such as '-1d'."
        says = "AT takes a moment that is written out."
        raise WrongUse.of("bad-moment", says, place=written.place(table), hint=hint)
    return moment.name.replace(" ", "T")
