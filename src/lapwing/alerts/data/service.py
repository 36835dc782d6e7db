"""What is watched of data itself, for `Alerts`: looks, what they found, and what that means for metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from lapwing.alerts.cases import Case, Known
from lapwing.alerts.data import shown
from lapwing.alerts.data.doubt import Doubtful, doubts
from lapwing.alerts.data.keeper import PREFIX, DataKeeper
from lapwing.alerts.inputs import Window
from lapwing.alerts.ready import shown as shown_so_far
from lapwing.alerts.ready.so_far import PREFIX as SO_FAR
from lapwing.alerts.ready.so_far import SoFarKeeper
from lapwing.alerts.record import Record
from lapwing.alerts.state import StateDatabase
from lapwing.alerts.views.incident import IncidentSummary, IncidentView
from lapwing.model.calendar import to_us
from lapwing.model.monitor import Monitor
from lapwing.model.problem import WrongUse

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing


class DataService:
    """Safe to use from several threads."""

    def __init__(
        self,
        lapwing: Lapwing,
        state: StateDatabase,
        monitors: Callable[[], Sequence[Monitor]],
        judged: Callable[[], Sequence[Known]],
        windows: Callable[[Monitor], tuple[Window, ...]],
    ) -> None:
        """`judged`: the monitors as far as they are judged. `windows`: the maintenance of one."""
        self._lapwing = lapwing
        self._judged = judged
        self.keeper = DataKeeper(lapwing, state.journal, state.learned, monitors)
        self.readiness = self.keeper.readiness
        """How complete datasets usually are at which age."""
        self._so_far = SoFarKeeper(lapwing, state.journal, self.readiness, windows)

    def look(self) -> None:
        """Looks at what datasets hold, and whether it arrives as usual; what is wrong with it becomes an incident."""
        self.keeper.look()

    def look_so_far(self) -> None:
        """Judges buckets that are not complete at equal age."""
        now = to_us(self._lapwing.now())
        doubtful = {one.dataset for one in doubts(self.keeper.records(), now) if one.folds}
        self._so_far.look(self._judged(), frozenset(doubtful))

    def records(self) -> tuple[Record, ...]:
        """Of incidents about data."""
        return self.keeper.records()

    def so_far(self) -> tuple[Record, ...]:
        """Of incidents of buckets that were not complete."""
        return self._so_far.records()

    def summaries(self, moment: int) -> list[IncidentSummary]:
        """Both, as far as people could know of them at a moment (UTC microseconds)."""
        zone = self._lapwing.project.timezone
        about = shown.summaries(self.keeper.records(), self.keeper.facts(), moment, zone)
        return [*about, *shown_so_far.summaries(self._so_far, moment, zone)]

    def view(self, number: int, moment: int) -> IncidentView | None:
        """One of them as it was known at a moment; None where the number is another's.

        Raises:
            NotFound: nobody knew of it yet.
        """
        zone = self._lapwing.project.timezone
        if (about := self.keeper.of_number(number)) is not None:
            return shown.view(about, self.keeper.facts(), moment, zone)
        young = next((one for one in self._so_far.records() if one.id == number), None)
        return None if young is None else shown_so_far.view(self._so_far, young, moment, zone)

    def doubtful(self, moment: int) -> Doubtful:
        """Which metrics rest on data that is not right at a moment."""
        return Doubtful(self._lapwing.project, doubts(self.keeper.records(), moment))

    def explained(self, found: Sequence[Case]) -> frozenset[int]:
        """Those of incidents of metrics that are not told now, since the data they rest on is not right."""
        doubtful, out = self.doubtful(to_us(self._lapwing.now())), set()
        for one in found:
            monitor = one.judged.monitor
            doubt = doubtful.of(monitor.metric, one.start, str(monitor.grain))
            if doubt is not None and doubt.folds:
                out.add(one.id)
        return frozenset(out)

    def refuse_to_accept(self, monitor: str) -> None:
        """
        Raises:
            WrongUse: incidents of that name have no level that could become the normal one.
        """
        if monitor.startswith(PREFIX):
            hint = "Resolve it: it is not told again of the same data."
            raise WrongUse.of("no-new-normal", "Data that is wrong does not become the normal one.", hint=hint)
        if monitor.startswith(SO_FAR):
            hint = "Wait until its bucket is complete."
            raise WrongUse.of("no-new-normal", "What is not complete has no level yet.", hint=hint)
