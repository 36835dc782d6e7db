"""Reads a project's folder: lapwing.yaml, datasets/*.yaml and monitors/*.yaml into one `Project`, or into all its problems."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from lapwing.model import compile as compiled
from lapwing.model import environment
from lapwing.model.checks.delivery import Deliveries
from lapwing.model.checks.goals import goals, limits
from lapwing.model.checks.monitors import Monitors
from lapwing.model.checks.names import bad_name, names
from lapwing.model.checks.rollups import rollups
from lapwing.model.checks.secrets import filled, plain_secrets
from lapwing.model.checks.settings import Settings
from lapwing.model.checks.sources import Sources, source_names
from lapwing.model.checks.tables import tables
from lapwing.model.checks.times import Times
from lapwing.model.compile_conversions import with_converted
from lapwing.model.compile_metrics import Expressions
from lapwing.model.dataset import Dataset
from lapwing.model.documents.base import Document
from lapwing.model.documents.dataset import DatasetDocument
from lapwing.model.documents.project import (
    MonitorsDocument,
    ProjectDocument,
)
from lapwing.model.documents.read import Draft, draft
from lapwing.model.goal import Goal, Limit
from lapwing.model.monitor import Monitor, without_doubles
from lapwing.model.names import nearest
from lapwing.model.positions import read
from lapwing.model.problem import ModelError, Place, Problem
from lapwing.model.project import (
    History,
    Project,
    QueryLogConfig,
    SparkConfig,
)

PROJECT_FILE = "lapwing.yaml"
D = TypeVar("D", bound=Document)


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
        known = source_names(main)
        for each in drafts.values():
            self.problems.extend([*names(each), *tables(each, known), *rollups(each)])
        expressions = Expressions(drafts, self.complete)
        datasets = {name: compiled.dataset(each, expressions) for name, each in drafts.items()}
        self.problems.extend(expressions.problems)
        datasets = with_converted(datasets, expressions.conversions)
        monitors = self._monitors(main, datasets, drafts)
        if main is None:
            return None
        document = main.document
        sources = Sources(main, self._path, tuple(self.problems))
        settings = Settings(main, self._path)
        times = Times(main, self.complete)
        deliveries = Deliveries(main, datasets, monitors)
        found_goals, found_limits = self._goals(main, datasets, drafts, times)
        project = Project(
            name=document.name,
            root=self.root,
            timezone=document.timezone,
            now=times.now(),
            week_start=document.week_start,
            fiscal_start=document.fiscal_year.starts,
            sources=sources.sources(),
            history=History(keep=document.history.keep, versions=document.history.versions),
            memory=document.memory,
            by_product_bytes=document.by_products.megabytes * 1_000_000,
            result_bytes=document.results.budget,
            result_limits=settings.result_limits(),
            query_log=QueryLogConfig(
                bytes=document.query_log.budget, keep=document.query_log.keep, texts=document.query_log.texts
            ),
            store=settings.store(),
            spark=SparkConfig(**document.spark.model_dump()),
            engine=settings.engine(),
            beam=settings.beam(),
            state_path=self._path(document.state),
            datasets=datasets,
            monitors=monitors,
            events=tuple(times.events(datasets)),
            maintenance=tuple(times.maintenance(monitors)),
            delivery=deliveries.delivery(),
            budget=document.alerts.budget,
            goals=found_goals,
            limits=found_limits,
            calendar=times.calendar(),
        )
        for one in (sources, settings, times, deliveries):
            self.problems.extend(one.problems)
        return project

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
        times: Times,
    ) -> tuple[dict[str, Goal], dict[str, Limit]]:
        resolve, other = (Monitors(datasets, drafts, self.complete, group) for group in ("goals", "limits"))
        found = {one.name: one for one in goals(main, resolve, times.moment)}
        crossed = {one.name: one for one in limits(main, other)}
        self.problems.extend((*resolve.problems, *other.problems))
        return found, crossed

    def _path(self, text: str) -> Path:
        return Path(os.path.normpath(self.root / Path(text).expanduser()))


def _missing(root: Path) -> Problem:
    if not root.is_dir():
        says = f"There is no folder {root.name}."
        return Problem("no-project", says, Place(str(root)), hint="Check the path given with -p.")
    likely = nearest(PROJECT_FILE, [path.name for path in root.iterdir() if path.suffix in (".yaml", ".yml")])
    says = f"There is no {PROJECT_FILE} in {root.name or 'this folder'}."
    hint = "Make a project with `lapwing init DIR --from FILE_OR_DSN`, or name its folder with -p."
    return Problem("no-project", says, Place(PROJECT_FILE), likely, hint)
