"""Telling people: what is new in the records becomes messages, and what is due goes out."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lapwing.alerts.cases import cases
from lapwing.alerts.data.lines import is_quiet
from lapwing.alerts.delivery.message import Message, unpack
from lapwing.alerts.delivery.outbox import Entry, Outbox, Sent, Waiting
from lapwing.alerts.delivery.render import Renderer, Telling
from lapwing.alerts.delivery.timing import due
from lapwing.alerts.delivery.wanted import Subject, wanted
from lapwing.alerts.delivery.ways import Undelivered, send
from lapwing.alerts.early.keeper import warned_of
from lapwing.alerts.history import Value
from lapwing.alerts.life import Life, life
from lapwing.alerts.ready.so_far import PREFIX as SO_FAR
from lapwing.alerts.record import OPENINGS, STEPS, Happened, Record
from lapwing.alerts.said import said
from lapwing.alerts.service import Alerts
from lapwing.alerts.standing import folded
from lapwing.alerts.state import StateDatabase
from lapwing.model.calendar import local_iso, to_us
from lapwing.model.delivery import Channel, Subscription
from lapwing.model.monitor import Monitor
from lapwing.model.names import nearest
from lapwing.model.problem import LapwingError, NotFound

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

MINUTE = 60_000_000
AWAKE = "awake"
"""Of a message: what somebody put off is due again, and still open."""
NO_HOST = "lapwing.invalid"
"""In ids of e-mails where no base_url names a host (RFC 2606)."""


def wall_clock() -> int:
    """UTC microseconds: messages go out in real time, whatever time the data is of."""
    return time.time_ns() // 1000


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a message: sent, waiting (to be tried again), failed or dropped, and why."""

    channel: str
    subject: str
    state: str
    trouble: str = ""


class Deliveries:
    """Safe to use from several threads and processes: each message is in one's hand at a time."""

    def __init__(
        self, lapwing: Lapwing, alerts: Alerts, state: StateDatabase, clock: Callable[[], int] = wall_clock
    ) -> None:
        self._lapwing = lapwing
        self._alerts = alerts
        self._journal = state.journal
        self._config = lapwing.project.delivery
        self._clock = clock
        self.outbox = Outbox(state, lapwing.project.name)
        """What waits, and what went."""
        zone = lapwing.project.timezone
        self._renderer = Renderer(project=lapwing.project.name, zone=zone, base_url=self._config.base_url)
        self._domain = urlsplit(self._config.base_url or "").hostname or NO_HOST

    @property
    def channels(self) -> tuple[Channel, ...]:
        return tuple(self._config.channels.values())

    @property
    def needed(self) -> bool:
        """Anybody wants to be told of anything."""
        return bool(self._config.subscriptions)

    def run(self, stop: threading.Event | None = None) -> tuple[Delivered, ...]:
        """Takes in what is new, and sends what is due; `stop` ends it after the message in hand."""
        self.plan()
        out = []
        while (stop is None or not stop.is_set()) and (message := self.outbox.claim(self._clock())):
            out.append(self._deliver(message))
        return tuple(out)

    # What is to be told

    def plan(self) -> int:
        """Turns what is new in the records into messages; says how many lines are to be told."""
        planned = 0
        self._alerts.known()  # what is judged now is news, too
        self._alerts.warned()
        until = self._journal.pulse()
        if not self.outbox.news(until):
            return 0
        subjects, pinned = self._subjects(), self._lapwing.project.now
        while lines := self.outbox.news(until):
            told = set(self.outbox.told({incident for _, incident, _ in lines}))
            records = {incident: self._journal.record(incident) for _, incident, _ in lines}
            entries: list[Entry] = []
            begun: dict[tuple[int, str], str] = {}
            for number, incident, line in lines:
                if pinned is not None and line.at > to_us(pinned):
                    continue  # the data reaches further than the now at which the project stands
                record = records[incident]
                subject = subjects.get(incident) or _bygone(record)
                entries += self._entries(number, record, subject, line, told, begun)
                if subject.dataset is not None and line.kind in ("resolved", "closed"):
                    entries += self._held_back(record, subjects)
            self.outbox.add(entries, lines[0][0], lines[-1][0], self._clock())
            planned += len(entries)
        return planned

    def _subjects(self) -> dict[int, Subject]:
        """What each incident that is judged is of."""
        watched = {monitor.name: monitor for monitor in self._alerts.monitors()}
        found = cases(self._alerts.known(), self._alerts.moment())
        standing = folded(found)
        alone = self._alerts.standing_warnings()
        explained = self._alerts.data.explained(found)
        of_warnings = {
            record.id: self._subject(
                watched.get(warned_of(record.monitor), warned_of(record.monitor)),
                str(record.about["metric"]),
                dict(json.loads(record.key[0])),
                record.id in alone,
                warning=True,
            )
            for one in self._alerts.warned()
            for record in one.records.values()
        }
        of_metrics = {
            case.id: self._subject(
                watched.get(case.judged.monitor.name, case.judged.monitor.name),
                case.judged.monitor.metric,
                dict(case.slice),
                case.id in standing and case.id not in explained,
            )
            for case in found
        }
        for part, whole in self._alerts.explaining_others(found).items():
            of_metrics[part] = replace(of_metrics[part], told_with=of_metrics[whole])
        return of_warnings | self._about_data() | self._so_far(watched) | of_metrics

    def _subject(
        self, monitor: Monitor | str, metric: str, within: Mapping[str, Value], standing: bool, warning: bool = False
    ) -> Subject:
        """Goals and limits (a name) are no monitors: they have the tags of their metric."""
        if isinstance(monitor, Monitor):
            name, tags, group = monitor.name, monitor.tags, monitor.group
        else:
            home, _, bare = metric.rpartition(".")
            dataset = self._lapwing.project.datasets.get(home)
            found = None if dataset is None else dataset.metrics.get(bare)
            name, tags, group = monitor, () if found is None else found.tags, ""
        return Subject(
            monitor=name, metric=metric, tags=tags, slice=within, standing=standing, warning=warning, group=group
        )

    def _so_far(self, watched: Mapping[str, Monitor]) -> dict[int, Subject]:
        """Those of incidents of buckets that were not complete."""
        return {
            record.id: self._subject(
                watched.get(name := record.monitor.removeprefix(SO_FAR), name), str(record.about["metric"]), {}, True
            )
            for record in self._alerts.data.so_far()
        }

    def _about_data(self) -> dict[int, Subject]:
        """Those of incidents about data."""
        datasets = self._lapwing.project.datasets
        return {
            record.id: Subject(
                monitor=record.monitor,
                metric=str(record.about["metric"]),
                tags=home.checks.tags,
                slice={},
                standing=not is_quiet(record),
                dataset=home.name,
            )
            for record in self._alerts.data.records()
            if (home := datasets.get(str(record.about["dataset"]))) is not None
        }

    def _held_back(self, mended: Record, subjects: Mapping[int, Subject]) -> Iterable[Entry]:
        """Of incidents that were not told since this one about data stood for them: those that are still there."""
        for case in cases(self._alerts.known(), self._alerts.moment()):
            opening = next((one for one in reversed(case.life.steps) if one.kind in OPENINGS), None)
            since = mended.lines[0].recorded
            if not case.life.open or opening is None or opening.recorded < since or case.id not in subjects:
                continue
            if case.judged.monitor.dataset == mended.about["dataset"] and not self.outbox.told({case.id}):
                number = self._journal.line_id(case.id, opening.number)
                yield from self._entries(number, case.record, subjects[case.id], opening, set(), {})

    def _entries(
        self,
        number: int,
        record: Record,
        subject: Subject,
        line: Happened,
        told: set[tuple[int, str, bool]],
        begun: dict[tuple[int, str], str],
    ) -> Iterable[Entry]:
        """`begun`: of what is over before it could be told that it began, the message that tells all of it: how it ended."""
        now, life_now, told_now = self._clock(), life(record.lines), set[tuple[int, str, bool]]()
        back = _is_back(record, line)
        for one in self._config.subscriptions.values():
            for channel in one.channels:
                way = record.id, channel, one.digest is not None
                if line.kind == "snoozed" and way in told and one.digest is None:
                    yield self._after_snooze(number, line, one, channel)
                if not wanted(one, subject, line, life_now, told_before=way in told, back=back):
                    continue
                told_now.add(way)
                at = due(one, now, self._lapwing.project.timezone)
                entry = _entry(number, line, one, channel, at)
                if entry.kind == "grew" and way not in told:
                    entry = replace(entry, kind="opened")  # it stood behind another until now
                if (
                    one.digest is None
                    and not life_now.open
                    and (line.kind in OPENINGS or (record.id, channel) in begun)
                ):
                    entry = replace(entry, batch=begun.setdefault((record.id, channel), entry.batch))
                yield entry
                if one.escalation is not None and line.kind in OPENINGS:
                    late = now + int(one.escalation.after.total_seconds() * 1e6)
                    for other in one.escalation.channels:
                        batch = f"{number}|{other}|escalation"
                        yield Entry(
                            line=number, kind="escalation", channel=other, subscription=one.name, due=late, batch=batch
                        )
        told |= told_now

    def _after_snooze(self, number: int, line: Happened, one: Subscription, channel: str) -> Entry:
        """Who was told before is told when it is due again, if it is still open then."""
        over = self._clock() + max(int(line.data["until"]) - self._alerts.moment(), 0)
        at = due(one, over, self._lapwing.project.timezone)
        batch = f"{number}|{channel}|{AWAKE}"
        return Entry(line=number, kind=AWAKE, channel=channel, subscription=one.name, due=at, batch=batch)

    # What goes out

    def _deliver(self, waiting: Waiting) -> Delivered:
        channel = self._config.channels.get(waiting.channel)
        if channel is None:
            return self._drop(waiting, "There is no such channel any more.")
        try:
            message = self._message(waiting)
        except NotFound as error:
            return self._drop(waiting, str(error.problems[0]))
        except LapwingError as error:  # the numbers can't be looked at now
            return self._failed(waiting, "", Undelivered(str(error.problems[0])))
        if message is None:
            return self._drop(waiting, "It is in somebody's hands by now, or over.")
        return self._send(channel, waiting, message)

    def _send(self, channel: Channel, waiting: Waiting, message: Message) -> Delivered:
        try:
            without = send(channel, message, self._domain)
        except Undelivered as error:
            return self._failed(waiting, message.subject, error)
        self.outbox.sent(waiting, self._clock(), without)
        return Delivered(waiting.channel, message.subject, "sent", without)

    def _drop(self, waiting: Waiting, why: str) -> Delivered:
        self.outbox.drop(waiting, self._clock(), why)
        return Delivered(waiting.channel, "", "dropped", why)

    def _failed(self, waiting: Waiting, subject: str, error: Undelivered) -> Delivered:
        state = self.outbox.failed(waiting, self._clock(), error.says, lasting=error.lasting)
        return Delivered(waiting.channel, subject, state, error.says)

    def _message(self, waiting: Waiting) -> Message | None:
        """What was made of it before, or is made now; None where it need not go out any more."""
        if waiting.kind == "escalation" and not any(self._is_alone(incident) for incident, _ in waiting.lines):
            return None
        if waiting.kind == AWAKE and not any(self._is_due_again(incident, line) for incident, line in waiting.lines):
            return None
        if waiting.content is not None:
            return unpack(waiting.content)
        tellings = [self._telling(waiting, incident, line) for incident, line in waiting.lines]
        if not tellings:
            return None
        digest = waiting.kind == "digest"
        made = self._renderer.digest(tellings, waiting.key) if digest else self._renderer.one(tellings[-1], waiting.key)
        self.outbox.keep(waiting, made.subject, made.pack())
        return made

    def _is_alone(self, incident: int) -> bool:
        """It is open, and nobody has acknowledged it or put it off."""
        now: Life = life(self._journal.record(incident).lines)
        return now.open and now.acknowledged is None and now.snoozed_until(self._alerts.moment()) is None

    def _is_due_again(self, incident: int, snoozed: Happened) -> bool:
        """It is open, and nobody has acknowledged it or put it off again."""
        now = life(self._journal.record(incident).lines)
        return (
            now.open and now.acknowledged is None and now.snoozed is not None and now.snoozed.number == snoozed.number
        )

    def _telling(self, waiting: Waiting, incident: int, line: Happened) -> Telling:
        """The incident as it was known when the line was; links have minutes, so the end of its minute."""
        zone = self._lapwing.project.timezone
        known = self._alerts.moment() if waiting.kind == AWAKE else line.at
        moment = -(-known // MINUTE) * MINUTE
        says = str(line.data.get("says", "")) if line.kind in STEPS else said(line, zone)
        kind = line.kind if waiting.kind == "digest" else waiting.kind
        view = self._alerts.incident_at(incident, min(moment, max(self._alerts.moment(), known)))
        return Telling(kind=kind, says=says, view=view, as_of=local_iso(moment, zone))

    # For people who look after it

    def test(self, name: str) -> Delivered:
        """Sends a message by a channel now, and puts that on record.

        Raises:
            NotFound: there is no such channel.
        """
        channel = self._config.channels.get(name)
        if channel is None:
            near = nearest(name, self._config.channels)
            hint = None if self._config.channels else "Write channels: in lapwing.yaml."
            raise NotFound.of("unknown-channel", f"There is no channel {name}.", nearest=near, hint=hint)
        waiting = self.outbox.begin("test", name, f"test|{secrets.token_hex(8)}", self._clock())
        message = self._renderer.test(name, waiting.key)
        self.outbox.keep(waiting, message.subject, message.pack())
        return self._send(channel, waiting, message)

    def record(self, limit: int = 100, channel: str | None = None, incident: int | None = None) -> tuple[Sent, ...]:
        """The last messages, the latest first."""
        return self.outbox.record(limit, channel, incident)


def _entry(number: int, line: Happened, one: Subscription, channel: str, at: int) -> Entry:
    digest = one.digest is not None
    batch = f"digest|{one.name}|{channel}|{at}" if digest else f"{number}|{channel}"
    kind = "digest" if digest else line.kind
    return Entry(line=number, kind=kind, channel=channel, subscription=one.name, due=at, batch=batch)


def _is_back(record: Record, line: Happened) -> bool:
    """The line opens what people knew to be over."""
    before = life(one for one in record.lines if one.number < line.number)
    return before.told and not before.open and life(one for one in record.lines if one.number <= line.number).open


def _bygone(record: Record) -> Subject:
    """Of what is judged no longer, only those who were told that it began are told how it ended."""
    return Subject(monitor=record.monitor, metric="", tags=(), slice={}, standing=False)
