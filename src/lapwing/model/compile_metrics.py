"""The metrics of a project: references followed down to measures, across datasets, with every mistake on the way."""

from __future__ import annotations

from collections.abc import Mapping

from lapwing.model.documents.dataset import DatasetDocument, MetricDocument
from lapwing.model.documents.read import Draft
from lapwing.model.expression import Binary, Call, Expression, MeasureRef, Number, measures
from lapwing.model.expression_parse import NotAnExpression, parse
from lapwing.model.names import nearest
from lapwing.model.positions import Location
from lapwing.model.problem import Problem

Drafts = Mapping[str, Draft[DatasetDocument]]
_Name = tuple[str, str]
_MOST_NODES = 400  # metrics of metrics of metrics may grow without end; trees are walked by recursion
_UNKNOWN = Number(0)  # stands where a reference leads nowhere, so that the rest is read


class Expressions:
    """Compiles each metric once. `complete` is False where a dataset's file could not be read: then a name of another
    dataset may be right, and is not called unknown."""

    def __init__(self, drafts: Drafts, complete: bool) -> None:
        self._drafts = drafts
        self._complete = complete
        self._done: dict[_Name, Expression | None] = {}
        self._way: list[_Name] = []
        self.problems: list[Problem] = []

    def of(self, dataset: str, name: str) -> Expression | None:
        """The expression of a declared metric; None where it has a mistake, which is then in `problems`."""
        key = (dataset, name)
        if key not in self._done:
            self._way.append(key)
            self._done[key] = self._compile(dataset, name)
            self._way.pop()
        return self._done[key]

    def _compile(self, dataset: str, name: str) -> Expression | None:
        draft = self._drafts[dataset]
        document = draft.document.metrics[name]
        text = text_of(document)
        location = _location(draft, name, document)
        sound = True

        def resolve(reference: str, offset: int) -> Expression:
            nonlocal sound
            found = self._reference(dataset, reference, draft, location, offset)
            sound = sound and found is not None
            return _UNKNOWN if found is None else found

        try:
            expression = parse(text, resolve)
        except NotAnExpression as error:
            place = draft.located.within(error.offset, *location)
            self.problems.append(Problem("bad-expression", error.message, place, error.likely))
            return None
        if document.ratio is not None and not (isinstance(expression, Binary) and expression.operator == "/"):
            says = "A ratio is one division, a / b."
            hint = "Write other expressions as derived."
            self.problems.append(Problem("not-a-ratio", says, draft.located.key(*location), hint=hint))
            return None
        if not sound:
            return None
        if _larger(expression, _MOST_NODES):
            says = f"The metric is made of more than {_MOST_NODES} terms."
            self.problems.append(Problem("too-large", says, draft.located.key(*location), hint="Simplify it."))
            return None
        return expression if self._meets(expression, draft, location) else None

    def _reference(
        self, dataset: str, reference: str, draft: Draft[DatasetDocument], location: Location, offset: int
    ) -> Expression | None:
        other, _, bare = reference.rpartition(".")
        home = self._drafts.get(other or dataset)
        place = draft.located.within(offset, *location)
        if home is None:
            if self._complete:
                near = tuple(f"{near}.{bare}" for near in nearest(other, self._drafts))
                self.problems.append(Problem("unknown-dataset", f"There is no dataset {other}.", place, near))
            return None
        where = home.document.dataset
        if bare in home.document.measures:
            return MeasureRef(where, bare)
        if bare in home.document.metrics:
            if (where, bare) in self._way:
                self._cycle((where, bare), draft, location)
                return None
            return self.of(where, bare)
        if not (home.is_broken("measures", bare) or home.is_broken("metrics", bare)):
            self.problems.append(self._unknown(home, reference, bare, draft, location, offset))
        return None

    def _unknown(
        self,
        home: Draft[DatasetDocument],
        reference: str,
        bare: str,
        draft: Draft[DatasetDocument],
        location: Location,
        offset: int,
    ) -> Problem:
        names = (*home.document.measures, *home.document.metrics)
        elsewhere = tuple(
            f"{name}.{bare}"
            for name, other in self._drafts.items()
            if bare in other.document.measures or bare in other.document.metrics
        )
        prefix = reference.rpartition(".")[0]
        near = elsewhere or tuple(f"{prefix}.{near}" if prefix else near for near in nearest(bare, names))
        hint = f"{bare} is a dimension." if bare in home.document.dimensions else None
        says = f"The dataset {home.document.dataset} has no measure or metric {bare}."
        return Problem("unknown-metric", says, draft.located.within(offset, *location), near, hint)

    def _cycle(self, name: _Name, draft: Draft[DatasetDocument], location: Location) -> None:
        way = [*self._way[self._way.index(name) :], name]
        single = len({dataset for dataset, _ in way}) == 1
        path = " -> ".join(metric if single else f"{dataset}.{metric}" for dataset, metric in way)
        place = draft.located.key(*location)
        hint = "A metric is made of measures in the end."
        self.problems.append(Problem("metric-cycle", f"The metric is made of itself: {path}.", place, hint=hint))

    def _meets(self, expression: Expression, draft: Draft[DatasetDocument], location: Location) -> bool:
        """Measures of several datasets need a dimension of one name, to be aggregated to and joined by."""
        datasets = list(dict.fromkeys(reference.dataset for reference in measures(expression)))
        if len(datasets) < 2:
            return True
        drafts = [self._drafts[name] for name in datasets]
        if any(location[0] == "dimensions" for part in drafts for location in part.broken):
            return True
        if set.intersection(*(set(part.document.dimensions) for part in drafts)):
            return True
        each = "; ".join(f"{d.document.dataset} has {', '.join(d.document.dimensions) or 'none'}" for d in drafts)
        says = f"The measures of {' and '.join(datasets)} have no common dimension: {each}."
        hint = "Give a dimension of each the same name."
        self.problems.append(Problem("no-common-dimensions", says, draft.located.key(*location), hint=hint))
        return False


def _larger(expression: Expression, most: int) -> bool:
    """Whether a tree has more than `most` nodes; deep ones are counted without recursion."""
    left: list[Expression] = [expression]
    for _ in range(most):
        if not left:
            return False
        match left.pop():
            case Binary(_, one, other):
                left += [one, other]
            case Call(_, arguments):
                left += arguments
    return bool(left)


def text_of(document: MetricDocument) -> str:
    """The expression as it was written."""
    return document.ratio or document.derived or ""


def _location(draft: Draft[DatasetDocument], name: str, document: MetricDocument) -> Location:
    key = "ratio" if document.ratio is not None else "derived"
    long = ("metrics", name, key)
    return long if long in draft.located.keys else ("metrics", name)
