"""The metrics of a project: references followed down to measures, across datasets, with every mistake on the way."""

from __future__ import annotations

from collections.abc import Mapping

from lapwing.model.compile_conversions import Conversion, conversion, made_by
from lapwing.model.documents.dataset import DatasetDocument, MetricDocument
from lapwing.model.documents.read import Draft
from lapwing.model.expression import Binary, Call, Expression, MeasureRef, Number, change, measures, within
from lapwing.model.expression_parse import NotAnExpression, parse
from lapwing.model.names import nearest
from lapwing.model.positions import Location
from lapwing.model.problem import Problem
from lapwing.model.stretch import Window

Drafts = Mapping[str, Draft[DatasetDocument]]
_Name = tuple[str, str]
_MOST_NODES = 400  # metrics of metrics of metrics may grow without end; trees are walked by recursion
_UNKNOWN = Number(0)  # stands where a reference leads nowhere, so that the rest is read


class Expressions:
    """Compiles each metric once. `complete` is False where a dataset's file could not be read: then a name of another
    dataset may be right, and is not called unknown. `conversions`: those compiled, by the dataset that they start in."""

    def __init__(self, drafts: Drafts, complete: bool) -> None:
        self._drafts = drafts
        self._complete = complete
        self._done: dict[_Name, Expression | None] = {}
        self._way: list[_Name] = []
        self._made_by = made_by(drafts)
        self.problems: list[Problem] = []
        self.conversions: dict[str, list[Conversion]] = {}

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
        if document.conversion is not None:
            return self._conversion(draft, name)
        location = _location(draft, name, document)
        sound = True

        def resolve(reference: str, offset: int) -> Expression:
            nonlocal sound
            found = self._reference(dataset, reference, draft, location, offset)
            if found is not None and document.cumulative is not None:
                found = self._gathered(found, reference, draft, location, offset)
            sound = sound and found is not None
            return _UNKNOWN if found is None else found

        try:
            expression = parse(document.text, resolve)
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
        if not any(True for _ in measures(expression)):
            says = f"{document.text.strip()} is a number, whatever the data."
            hint = "A metric is made of measures."
            self.problems.append(Problem("no-measure", says, draft.located.key(*location), hint=hint))
            return None
        if document.cumulative is not None:
            expression = within(expression, Window(document.window, document.to_date))
        elif document.against is not None:
            expression = change(expression, document.against, document.as_)
        if _larger(expression, _MOST_NODES):
            says = f"The metric is made of more than {_MOST_NODES} terms."
            self.problems.append(Problem("too-large", says, draft.located.key(*location), hint="Simplify it."))
            return None
        return expression if self._meets(expression, draft, location) else None

    def _conversion(self, draft: Draft[DatasetDocument], name: str) -> Expression | None:
        found = conversion(draft, name, self._drafts, self._made_by, self._complete)
        if not isinstance(found, Conversion):
            self.problems += found or ()
            return None
        self.conversions.setdefault(found.start[0], []).append(found)
        return found.expression

    def _gathered(
        self,
        found: Expression,
        reference: str,
        draft: Draft[DatasetDocument],
        location: Location,
        offset: int,
    ) -> Expression | None:
        """What a cumulative metric is made of, unless that has a time of its own already."""
        if all(measure.stretch is None for measure in measures(found)):
            return found
        moved = any(measure.stretch and measure.stretch.back for measure in measures(found))
        says = f"{reference} is {'a change' if moved else 'cumulative'} itself, which can't be gathered over a window."
        hint = "Write the change of a cumulative metric." if moved else "Make both of the same measure."
        place = draft.located.within(offset, *location)
        self.problems.append(Problem("not-to-gather", says, place, hint=hint))
        return None

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
        if made := self._made_by.get((where, bare)):
            rate = self.of(*made)
            return MeasureRef(where, bare) if rate is not None and made[1] != bare else rate
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


def _location(draft: Draft[DatasetDocument], name: str, document: MetricDocument) -> Location:
    long = ("metrics", name, str(document.kind))
    return long if long in draft.located.keys else ("metrics", name)
