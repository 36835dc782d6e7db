"""Reads a project's folder: lapwing.yaml, datasets/*.yaml and monitors/*.yaml into one `Project`, or into all its problems."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from lapwing.model import compile as compiled
from lapwing.model import environment
from lapwing.model.calendar import from_us
from lapwing.model.checks.delivery import Deliveries
from lapwing.model.checks.goals import goals, limits
from lapwing.model.checks.monitors import Monitors
from lapwing.model.checks.names import RESERVED_SOURCES, bad_name, names
from lapwing.model.checks.rollups import rollups
from lapwing.model.checks.secrets import filled, plain_secrets
from lapwing.model.checks.tables import tables
from lapwing.model.compile_metrics import Expressions
from lapwing.model.dataset import Dataset
from lapwing.model.documents.base import Document
from lapwing.model.documents.dataset import DatasetDocument
from lapwing.model.documents.kafka import TopicDocument
from lapwing.model.documents.project import (
    EventDocument,
    MaintenanceDocument,
    MonitorsDocument,
    ProjectDocument,
    ResultLimitDocument,
    ResultLimitsDocument,
    SourceDocument,
)
from lapwing.model.documents.read import Draft, draft
from lapwing.model.events import Event, EventKind, Every, HolidayCalendar, check_country
from lapwing.model.goal import Goal, Limit
from lapwing.model.monitor import Monitor, without_doubles
from lapwing.model.names import nearest
from lapwing.model.positions import read
from lapwing.model.problem import ModelError, NotFound, Place, Problem, WrongUse
from lapwing.model.project import (
    BeamConfig,
    EngineConfig,
    History,
    Maintenance,
    Project,
    QueryLogConfig,
    Reads,
    ResultLimit,
    ResultLimitsConfig,
    SourceConfig,
    SparkConfig,
    Storage,
    StoreConfig,
    Topic,
    Writes,
)
from lapwing.model.source_kinds import SOURCE_KINDS
from lapwing.model.timerange import parse_moment

PROJECT_FILE = "lapwing.yaml"
_DEFAULT_STORE = ".lapwing/store"
_DEFAULT_TABLE = "lapwing"
D = TypeVar("D", bound=Document)
Stretch = TypeVar("Stretch", EventDocument, MaintenanceDocument)
_REMOTE = re.compile(r"[a-z][a-z0-9]*://")
_STORES = re.compile(r"(s3|gs)://[^/]+")
_LAST_MESSAGES = 100_000
_LITE = re.compile(r"sqlite:///(.+)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def load(root: Path, environ: Mapping[str, str] = os.environ) -> Project:
    """The project in the folder `root`.

    Raises:
        ModelError: with every problem of every file.
    """
    project, problems = check_files(root, environ)
    if project is None:
        raise ModelError(*problems)
    return project


def check_files(root: Path, environ: Mapping[str, str] = os.environ) -> tuple[Project | None, tuple[Problem, ...]]:
    """The project, or None and all problems of its files, sorted by file and line."""
    reading = _Reading(Path(root).absolute(), environ)
    project = reading.project()
    found = sorted(dict.fromkeys(reading.problems), key=_order)
    return (None if found else project), tuple(found)


def _order(problem: Problem) -> tuple[bool, str, int, int]:
    place = problem.place or Place()
    # lapwing.yaml first: what is wrong there is often the reason for the rest.
    return place.file != PROJECT_FILE, place.file or "", place.line or 0, place.column or 0


class _Reading:
    """One reading of the files; collects problems as it goes."""

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self.root = root
        self.environ = environ
        self.problems: list[Problem] = []
        self.complete = True  # False once a dataset's file could not be used at all

    def project(self) -> Project | None:
        main = self._project_draft()
        drafts = self._dataset_drafts()
        sources = self._source_names(main)
        for each in drafts.values():
            self.problems.extend([*names(each), *tables(each, sources), *rollups(each)])
        expressions = Expressions(drafts, self.complete)
        datasets = {name: compiled.dataset(each, expressions) for name, each in drafts.items()}
        self.problems.extend(expressions.problems)
        monitors = self._monitors(main, datasets, drafts)
        if main is None:
            return None
        document = main.document
        events = tuple(self._events(main, datasets))
        deliveries = Deliveries(main, datasets, monitors)
        delivery = deliveries.delivery()
        self.problems.extend(deliveries.problems)
        found_goals, found_limits = self._goals(main, datasets, drafts)
        return Project(
            name=document.name,
            root=self.root,
            timezone=document.timezone,
            now=self._now(main),
            week_start=document.week_start,
            fiscal_start=document.fiscal_year.starts,
            sources={name: self._source(name, source, main) for name, source in document.sources.items()},
            history=History(keep=document.history.keep, versions=document.history.versions),
            by_product_bytes=document.by_products.megabytes * 1_000_000,
            result_bytes=document.results.budget,
            result_limits=_result_limits(document.result_limits),
            query_log=QueryLogConfig(
                bytes=document.query_log.budget, keep=document.query_log.keep, texts=document.query_log.texts
            ),
            store=self._store(document),
            spark=SparkConfig(**document.spark.model_dump()),
            engine=self._engine(document, main),
            beam=BeamConfig(
                runner=document.beam.runner,
                job_endpoint=document.beam.job_endpoint,
                workers=document.beam.workers,
                shards=document.beam.shards,
                options=document.beam.options,
                dataflow=document.beam.dataflow.options(),
            ),
            state_path=self._path(document.state),
            datasets=datasets,
            monitors=monitors,
            events=events,
            maintenance=tuple(self._maintenance(main, monitors)),
            delivery=delivery,
            budget=document.alerts.budget,
            goals=found_goals,
            limits=found_limits,
            calendar=self._calendar(main),
        )

    def _project_draft(self) -> Draft[ProjectDocument] | None:
        path = self.root / PROJECT_FILE
        if not path.is_file():
            self.problems.append(_missing(self.root))
            return None
        located, problems = read(path, PROJECT_FILE)
        self.problems.extend(problems)
        if located is None:
            return None
        self.problems.extend(plain_secrets(located))
        if chosen := self.environ.get(environment.VARIABLE):
            located, problems = environment.laid_over(located, chosen)
            self.problems.extend(problems)
        located, problems = filled(located, self.environ)
        self.problems.extend(problems)
        found, problems = draft(ProjectDocument, located)
        self.problems.extend(problems)
        return found

    def _drafts(self, model: type[D], folder: str) -> Iterator[Draft[D]]:
        for path in sorted((self.root / folder).rglob("*.y*ml")):
            if path.suffix not in (".yaml", ".yml") or path.name.startswith("."):
                continue  # hidden ones are editors' own
            located, problems = read(path, path.relative_to(self.root).as_posix())
            self.problems.extend(problems)
            found, problems = draft(model, located) if located else (None, [])
            self.problems.extend(problems)
            if found:
                yield found
            elif model is DatasetDocument:
                self.complete = False

    def _dataset_drafts(self) -> dict[str, Draft[DatasetDocument]]:
        found: dict[str, Draft[DatasetDocument]] = {}
        for each in self._drafts(DatasetDocument, "datasets"):
            named = each
            if each.is_broken("dataset"):
                stem = Path(each.located.file).stem
                named = replace(each, document=each.document.model_copy(update={"dataset": stem}))
            name = named.document.dataset
            if name in found:
                first = found[name].located
                says = f"The dataset {name} is in {first.file} already."
                place = each.located.key("dataset")
                self.problems.append(Problem("duplicate-dataset", says, place, hint="Rename one of them."))
                continue
            found[name] = named
        return found

    def _source_names(self, main: Draft[ProjectDocument] | None) -> tuple[str, ...] | None:
        """The names of sources, None where they are not known for sure."""
        if main is None or ("sources",) in main.broken:
            return None
        for name in main.document.sources:
            place = main.located.key("sources", name)
            self.problems.extend(bad_name(name, place))
            if name.lower() in RESERVED_SOURCES:
                hint = "Take another name."
                self.problems.append(Problem("reserved-name", f"The name {name} is taken.", place, hint=hint))
        given = main.located.data.get("sources")
        return tuple(given) if isinstance(given, Mapping) else ()

    def _monitors(
        self,
        main: Draft[ProjectDocument] | None,
        datasets: Mapping[str, Dataset],
        drafts: Mapping[str, Draft[DatasetDocument]],
    ) -> dict[str, Monitor]:
        resolve = Monitors(datasets, drafts, self.complete)
        found: list[Monitor] = []
        seen: dict[str, str] = {}
        for each in (*((main,) if main else ()), *self._drafts(MonitorsDocument, "monitors")):
            for name, document in each.document.monitors.items():
                place = each.located.key("monitors", name)
                self.problems.extend(bad_name(name, place))
                if name in seen:
                    says = f"The monitor {name} is in {seen[name]} already."
                    self.problems.append(Problem("duplicate-name", says, place, hint="Rename one of them."))
                    continue
                seen[name] = each.located.file
                found.extend(resolve.monitors(name, document, each.located))
        self.problems.extend(resolve.problems)
        return {monitor.name: monitor for monitor in without_doubles(found)}

    def _goals(
        self,
        main: Draft[ProjectDocument],
        datasets: Mapping[str, Dataset],
        drafts: Mapping[str, Draft[DatasetDocument]],
    ) -> tuple[dict[str, Goal], dict[str, Limit]]:
        resolve, other = (Monitors(datasets, drafts, self.complete, group) for group in ("goals", "limits"))
        found = {one.name: one for one in goals(main, resolve, self._moment)}
        crossed = {one.name: one for one in limits(main, other)}
        self.problems.extend((*resolve.problems, *other.problems))
        return found, crossed

    def _source(self, name: str, document: SourceDocument, main: Draft[ProjectDocument]) -> SourceConfig:
        place = main.located.key("sources", name)
        dsn = SOURCE_KINDS[document.type].dsn
        if (
            document.dsn is not None
            and dsn is not None
            and not dsn.begins.match(document.dsn)
            and not self._unset(main, "sources", name, "dsn")
        ):
            place_of_dsn = main.located.key("sources", name, "dsn")
            self.problems.append(Problem("bad-dsn", dsn.wrong, place_of_dsn, hint=dsn.hint))
        remote = document.path is not None and _REMOTE.match(document.path) is not None
        if remote and not self._unset(main, "sources", name, "path"):
            self.problems.extend(_misplaced(document, main.located.key("sources", name, "path")))
        return SourceConfig(
            name=name,
            type=document.type,
            path=None if document.path is None or remote else self._path(document.path),
            uri=document.path if remote else None,
            storage=Storage() if document.storage is None else Storage(**document.storage.model_dump()),
            catalog=self._catalog(document),
            dsn=document.dsn,
            schemas=document.schemas,
            time_limit=document.time_limit,
            project=document.project,
            datasets=document.datasets,
            location=document.location,
            key_file=None if document.key_file is None else self._path(document.key_file),
            maximum_bytes_billed=document.maximum_bytes_billed,
            labels=document.labels,
            session=document.session,
            endpoint=document.endpoint,
            storage_endpoint=document.storage_endpoint,
            servers=document.servers,
            topics={
                one: self._topic(one, told, main.located.key("sources", name, "topics", one))
                for one, told in document.topics.items()
            },
            options=document.options,
            place=place,
        )

    def _topic(self, name: str, document: TopicDocument, place: Place) -> Topic:
        bounded = document.window is not None or document.last is not None
        return Topic(
            topic=document.topic or name,
            window=document.window,
            last=document.last if bounded else _LAST_MESSAGES,
            columns={
                column: (one, None, None) if isinstance(one, str) else (one.type, one.path, one.unit)
                for column, one in document.columns.items()
            },
            avro=None if document.avro is None else self._path(document.avro),
            json_schema=None if document.json_schema is None else self._path(document.json_schema),
            protobuf=None if document.protobuf is None else self._path(document.protobuf),
            message=document.message,
            framed=document.framed,
            registry=document.registry,
            invalid=document.invalid,
            place=place,
        )

    def _catalog(self, document: SourceDocument) -> dict[str, str]:
        """Files it names are relative to the project's folder, as paths are."""
        found = dict(document.catalog)
        lite = _LITE.match(found.get("uri", ""))
        if lite:
            found["uri"] = f"sqlite:///{self._path(lite[1])}"
        if "warehouse" in found and found.get("type") == "sql" and ":" not in found["warehouse"]:
            found["warehouse"] = f"file://{self._path(found['warehouse'])}"
        return found

    def _unset(self, main: Draft[ProjectDocument], *location: str) -> bool:
        place = main.located.key(*location)
        return any(problem.place == place for problem in self.problems)

    def _engine(self, document: ProjectDocument, main: Draft[ProjectDocument]) -> EngineConfig | None:
        engine, place = document.engine, main.located.key("engine")
        if engine is None:
            return None
        fit = [name for name, source in document.sources.items() if source.type == "bigquery"]
        if engine.source is not None and engine.source not in fit:
            says = f"{engine.source} is no source of BigQuery."
            self.problems.append(
                Problem("unknown-source", says, place, nearest=nearest(engine.source, fit) or tuple(fit))
            )
        given = engine.model_dump(exclude={"type"})
        return EngineConfig(**given | {"dsn": engine.dsn or ""}, place=place)

    def _store(self, document: ProjectDocument) -> StoreConfig:
        store = document.store
        path = self._path(store.path or _DEFAULT_STORE) if store.type == "lmdb" else None
        if store.type != "bigtable":
            return StoreConfig(type=store.type, path=path, read_only=store.read_only)
        return StoreConfig(
            type=store.type,
            instance=store.instance,
            table=store.table or _DEFAULT_TABLE,
            app_profile=store.app_profile,
            read_only=store.read_only,
            reads=Reads(**store.reads.model_dump()),
            writes=Writes(**store.writes.model_dump()),
        )

    def _path(self, text: str) -> Path:
        return Path(os.path.normpath(self.root / Path(text).expanduser()))

    def _now(self, main: Draft[ProjectDocument]) -> datetime | None:
        text = main.document.now
        if text is None:
            return None
        found = self._moment(text, main, "now")
        return None if found is None else from_us(found[0])

    def _events(self, main: Draft[ProjectDocument], datasets: Mapping[str, Dataset]) -> Iterator[Event]:
        for index, event, start, end in self._stretches(main, "events", main.document.events):
            self.problems.extend(self._event_dimensions(event, main.located.key("events", index, "slice"), datasets))
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

    def _maintenance(self, main: Draft[ProjectDocument], monitors: Mapping[str, Monitor]) -> Iterator[Maintenance]:
        for index, window, start, end in self._stretches(main, "maintenance", main.document.maintenance):
            known = {name for monitor in monitors.values() for name in monitor.names}
            for name in window.monitors:
                if name not in known and not main.is_broken("monitors", name):
                    place = main.located.key("maintenance", index, "monitors")
                    says = f"There is no monitor {name}."
                    self.problems.append(Problem("unknown-monitor", says, place, nearest(name, known)))
            yield Maintenance(name=window.name, start=start, end=end, monitors=window.monitors)

    def _stretches(
        self, main: Draft[ProjectDocument], key: str, documents: Sequence[Stretch]
    ) -> Iterator[tuple[int, Stretch, datetime, datetime]]:
        """Entries of a list with the stretches of time that they name."""
        if any(location[0] == key for location in main.broken):
            return  # the ones that are left no longer stand where they stood
        for index, document in enumerate(documents):
            start = self._moment(document.start, main, key, index, "start")
            end = self._moment(document.end, main, key, index, "end") if document.end else start
            if start is None or end is None:
                continue
            until = end[0] if document.end else max(start[1], start[0] + 1)
            if start[0] >= until:
                what = "event" if key == "events" else key
                says = f"The {what} {document.name} ends before it starts."
                hint = "The end is exclusive: the first moment after it."
                place = main.located.key(key, index, "end")
                self.problems.append(Problem("from-after-to", says, place, hint=hint))
                continue
            yield index, document, from_us(start[0]), from_us(until)

    def _event_dimensions(
        self, event: EventDocument, place: Place, datasets: Mapping[str, Dataset]
    ) -> Iterator[Problem]:
        """An event may touch a slice of any dataset, so some dataset has its dimensions."""
        known = {name: name for dataset in datasets.values() for name in dataset.dimensions}
        for name in event.slice:
            if self.complete and name not in known:
                says = f"No dataset has a dimension {name}."
                yield Problem("unknown-dimension", says, place, nearest(name, known))

    def _calendar(self, main: Draft[ProjectDocument]) -> HolidayCalendar | None:
        document = main.document.calendar
        if document is None:
            return None
        try:
            check_country(document.country, document.subdivision)
        except NotFound as error:
            problem = error.problems[0]
            key = "country" if problem.code == "unknown-country" else "subdivision"
            place = main.located.key("calendar", key)
            self.problems.append(replace(problem, place=place))
            return None
        return HolidayCalendar(
            country=document.country,
            subdivision=document.subdivision,
            before=document.before,
            after=document.after,
        )

    def _moment(self, text: str, main: Draft[ProjectDocument], *location: str | int) -> tuple[int, int] | None:
        """A time in a file: absolute, since the file must mean the same tomorrow."""
        document = main.document
        place = main.located.key(*location)
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


def _result_limits(document: ResultLimitsDocument) -> ResultLimitsConfig:
    return ResultLimitsConfig(
        all=_result_limit(document),
        batch=_result_limit(document.batch),
        people={name: _result_limit(one) for name, one in document.people.items()},
    )


def _result_limit(document: ResultLimitDocument) -> ResultLimit:
    return ResultLimit(rows=document.rows, bytes=document.bytes)


def _missing(root: Path) -> Problem:
    if not root.is_dir():
        says = f"There is no folder {root.name}."
        return Problem("no-project", says, Place(str(root)), hint="Check the path given with -p.")
    likely = nearest(PROJECT_FILE, [path.name for path in root.iterdir() if path.suffix in (".yaml", ".yml")])
    says = f"There is no {PROJECT_FILE} in {root.name or 'this folder'}."
    hint = "Make a project with `lapwing init DIR --from FILE_OR_DSN`, or name its folder with -p."
    return Problem("no-project", says, Place(PROJECT_FILE), likely, hint)


def _misplaced(document: SourceDocument, place: Place) -> Iterator[Problem]:
    """Why a path that is a URL can't be read."""
    if not SOURCE_KINDS[document.type].anywhere:
        says = f"A source of type {document.type} reads a file of this machine, not {document.path}."
        yield Problem("bad-path", says, place)
    elif not _STORES.match(document.path or ""):
        says = f"{document.path} is in no storage that can be read."
        yield Problem("bad-path", says, place, hint="Write s3://BUCKET/FOLDER or gs://BUCKET/FOLDER.")
