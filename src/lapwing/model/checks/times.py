"""Times in lapwing.yaml are fixed: the clock, events, stretches of maintenance; and the calendar is one that is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from lapwing.model.calendar import from_us
from lapwing.model.dataset import Dataset
from lapwing.model.documents.project import EventDocument, MaintenanceDocument, ProjectDocument
from lapwing.model.documents.read import Draft
from lapwing.model.events import Event, EventKind, Every, HolidayCalendar, check_country
from lapwing.model.monitor import Monitor
from lapwing.model.names import nearest
from lapwing.model.problem import NotFound, Place, Problem, WrongUse
from lapwing.model.project import Maintenance
from lapwing.model.timerange import parse_moment

Stretch = TypeVar("Stretch", EventDocument, MaintenanceDocument)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Times:
    """Resolves `now`, `events`, `maintenance` and `calendar`; what is wrong is in `problems`. Not `complete`: a dataset is
    not known."""

    def __init__(self, main: Draft[ProjectDocument], complete: bool) -> None:
        self._main = main
        self._complete = complete
        self.problems: list[Problem] = []

    def now(self) -> datetime | None:
        text = self._main.document.now
        if text is None:
            return None
        found = self.moment(text, "now")
        return None if found is None else from_us(found[0])

    def events(self, datasets: Mapping[str, Dataset]) -> Iterator[Event]:
        for index, event, start, end in self._stretches("events", self._main.document.events):
            self.problems.extend(
                self._event_dimensions(event, self._main.located.key("events", index, "slice"), datasets)
            )
            yield Event(
                name=event.name,
                start=start,
                end=end,
                kind=EventKind(event.kind),
                every=None if event.every is None else Every(event.every),
                before=event.before,
                after=event.after,
                slice=tuple(event.slice.items()),
            )

    def maintenance(self, monitors: Mapping[str, Monitor]) -> Iterator[Maintenance]:
        for index, window, start, end in self._stretches("maintenance", self._main.document.maintenance):
            known = {name for monitor in monitors.values() for name in monitor.names}
            for name in window.monitors:
                if name not in known and not self._main.is_broken("monitors", name):
                    place = self._main.located.key("maintenance", index, "monitors")
                    says = f"There is no monitor {name}."
                    self.problems.append(Problem("unknown-monitor", says, place, nearest(name, known)))
            yield Maintenance(name=window.name, start=start, end=end, monitors=window.monitors)

    def _stretches(self, key: str, documents: Sequence[Stretch]) -> Iterator[tuple[int, Stretch, datetime, datetime]]:
        """Entries of a list with the stretches of time that they name."""
        if any(location[0] == key for location in self._main.broken):
            return  # the ones that are left no longer stand where they stood
        for index, document in enumerate(documents):
            start = self.moment(document.start, key, index, "start")
            end = self.moment(document.end, key, index, "end") if document.end else start
            if start is None or end is None:
                continue
            until = end[0] if document.end else max(start[1], start[0] + 1)
            if start[0] >= until:
                what = "event" if key == "events" else key
                says = f"The {what} {document.name} ends before it starts."
                hint = "The end is exclusive: the first moment after it."
                place = self._main.located.key(key, index, "end")
                self.problems.append(Problem("from-after-to", says, place, hint=hint))
                continue
            yield index, document, from_us(start[0]), from_us(until)

    def _event_dimensions(
        self, event: EventDocument, place: Place, datasets: Mapping[str, Dataset]
    ) -> Iterator[Problem]:
        """An event may touch a slice of any dataset, so some dataset has its dimensions."""
        known = {name: name for dataset in datasets.values() for name in dataset.dimensions}
        for name in event.slice:
            if self._complete and name not in known:
                says = f"No dataset has a dimension {name}."
                yield Problem("unknown-dimension", says, place, nearest(name, known))

    def calendar(self) -> HolidayCalendar | None:
        document = self._main.document.calendar
        if document is None:
            return None
        try:
            check_country(document.country, document.subdivision)
        except NotFound as error:
            problem = error.problems[0]
            key = "country" if problem.code == "unknown-country" else "subdivision"
            place = self._main.located.key("calendar", key)
            self.problems.append(replace(problem, place=place))
            return None
        return HolidayCalendar(
            country=document.country,
            subdivision=document.subdivision,
            before=document.before,
            after=document.after,
        )

    def moment(self, text: str, *location: str | int) -> tuple[int, int] | None:
        """A time in a file: absolute, since the file must mean the same tomorrow."""
        document = self._main.document
        place = self._main.located.key(*location)
        relative = not text.strip()[:4].isdigit()
        try:
            found = parse_moment(
                text,
                now=_EPOCH,
                zone=document.timezone,
                week_start=document.week_start,
                fiscal=document.fiscal_year.starts,
            )
        except WrongUse as error:
            problem = error.problems[0]
            hint = "Write a time such as 2013-02-08 or 2013-02-08T14:00."
            self.problems.append(Problem(problem.code, problem.message, place, problem.nearest, hint))
            return None
        if relative:
            says = f"{text!r} means another time each day; a file needs a fixed one."
            hint = "Write a time such as 2013-02-08 or 2013-02-08T14:00."
            self.problems.append(Problem("relative-time", says, place, hint=hint))
            return None
        return found
