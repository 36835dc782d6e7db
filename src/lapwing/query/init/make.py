"""Makes the project: looks, chooses, tries what was written, and puts it in place whole."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lapwing.model.load import check_files
from lapwing.model.problem import Conflict, LapwingError, Problem, Refused, SourceError, WrongUse
from lapwing.model.project import Project, StoreConfig
from lapwing.query.init.choose import Choice, choose
from lapwing.query.init.look import TableLook, look
from lapwing.query.init.names import plain_name
from lapwing.query.init.origin import Entry, Origin, find_origin
from lapwing.query.init.write import dataset_yaml, project_yaml, table_name
from lapwing.query.service import Lapwing
from lapwing.sources.base import Table

MOST_TABLES = 20
_IGNORED = "# What Lapwing makes from the data: it can be built again.\n.lapwing/\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was written. `environ`: what must be exported before it runs, the secret hidden. `metric` and `grain` make a
    first question."""

    files: tuple[Path, ...]
    says: tuple[str, ...]
    environ: Mapping[str, str]
    metric: str
    grain: str

    def as_dict(self) -> dict[str, Any]:
        files = [str(path) for path in self.files]
        return {
            "files": files,
            "says": list(self.says),
            "environ": dict(self.environ),
            "metric": self.metric,
            "grain": self.grain,
        }


def init(folder: Path, origin: str) -> Made:
    """Writes a project into `folder` from what `origin` names.

    Raises:
        Conflict: the folder holds a project already.
        NotFound, WrongUse: the origin is not there, or can't be read.
        SourceError: it does not answer. Refused: no table in it has a time.
    """
    for name in ("lapwing.yaml", "datasets"):
        if (folder / name).exists():
            hint = "Name another folder; nothing is ever overwritten."
            raise Conflict.of("project-exists", f"{folder} holds a {name} already.", hint=hint)
    found = find_origin(origin, folder)
    looks, says = _look(found)
    choices = _choose(looks)
    timed = {choice.look.path for choice in choices}
    for one in looks:
        if one.path not in timed:
            says.append(
                f"left out {table_name(one.table)}: {'it has no time column' if one.rows else 'it has no rows'}"
            )
    today = datetime.now(UTC).replace(tzinfo=None)
    name = plain_name(folder.absolute().name)
    choices = _tried(found, name, choices, today)
    texts = _texts(found, found.yaml, name, choices, today)
    files = _put(folder, texts)
    for choice in choices:
        dims = ", ".join(one.name for one in choice.dimensions) or "none"
        says.append(f"{choice.name}: {choice.look.rows:,} rows, time {choice.time.name}, dimensions {dims}")
    first = choices[0]
    metric = first.count if len(choices) == 1 else f"{first.name}.{first.count}"
    grain = (
        "month" if first.time.last and first.time.first and (first.time.last - first.time.first).days > 62 else "day"
    )
    return Made(files=files, says=tuple(says), environ=found.environ, metric=metric, grain=grain)


def _look(origin: Origin) -> tuple[list[TableLook], list[str]]:
    config = origin.config
    with Lapwing(_stub(origin)) as lapwing:
        tables = lapwing.sources[config.name].tables()
        if not tables:
            raise Refused.of(
                "no-tables", "There is no table in it.", hint="Name a file, or a folder or database with data."
            )
        tables = tuple(sorted(tables, key=lambda table: -(table.rows or 0)))
        looks, says, failed = [], [], []
        for table in tables[:MOST_TABLES]:
            try:
                looks.append(look(lapwing.sql, table))
            except SourceError as error:
                failed.append(error)
                says.append(f"left out {table_name(table)}: {error.problems[0].message}")
        if len(tables) > MOST_TABLES:
            says.append(f"looked at the {MOST_TABLES} largest of {len(tables)} tables")
    if not looks and failed:
        raise failed[0]
    return looks, says


def _stub(origin: Origin) -> Project:
    """A project of nothing but the source."""
    config = origin.config
    return Project(
        name="init",
        root=Path(),
        timezone="UTC",
        now=None,
        week_start=0,
        sources={config.name: config},
        store=StoreConfig(type="memory"),
        state_path=Path("unused"),
        datasets={},
        monitors={},
        events=(),
    )


def _choose(looks: Sequence[TableLook]) -> list[Choice]:
    """A dataset for each table with a time, the biggest first.

    Raises:
        Refused: no table has one; names what comes nearest.
    """
    ordered = sorted(looks, key=lambda one: -one.rows)
    names = _dataset_names([one.table for one in ordered])
    chosen = [choice for one, name in zip(ordered, names, strict=True) if (choice := choose(one, name)) is not None]
    if chosen:
        return chosen
    if all(not one.rows for one in ordered):
        empty = ", ".join(table_name(one.table) for one in ordered)
        raise Refused.of("no-rows", f"There are no rows in {empty}.", hint="Begin when there is some data.")
    raise Refused(*(_no_time(one) for one in ordered if one.rows))


def _no_time(one: TableLook) -> Problem:
    columns = ", ".join(f"{column.name} ({column.type})" for column in one.columns[:30])
    hint = (
        "A time is a date or timestamp, text such as 2013-02-08 14:00, or seconds since 1970 in a column called so "
        "(ts, created_at). Add one to the data, or make a view that has one."
    )
    if len(one.columns) == 1 and re.search(r"[,;\t|]", one.columns[0].name):
        hint = "Its lines can't be split into columns: look for some with more or fewer fields than the header."
    return Problem("no-time", f"{table_name(one.table)} has no time column, only {columns}.", hint=hint)


def _dataset_names(tables: Sequence[Table]) -> list[str]:
    names: list[str] = []
    for table in tables:
        name = plain_name(table.name)
        if name in names and table.schema:
            name = plain_name(f"{table.schema}_{table.name}")
        number = 2
        while name in names:
            name, number = f"{plain_name(table.name)}_{number}", number + 1
        names.append(name)
    return names


def _tried(origin: Origin, name: str, choices: list[Choice], today: datetime) -> list[Choice]:
    """The choices that hold: the project is written aside and checked; what the data refuses is left out."""
    plain = {**origin.yaml}
    if origin.config.path is not None:
        plain["path"] = str(origin.config.path)
    if origin.config.catalog:
        plain["catalog"] = dict(origin.config.catalog)
    environ = dict.fromkeys(origin.environ, origin.config.dsn or "")
    for _ in range(20):
        with tempfile.TemporaryDirectory(prefix="lapwing-init-") as aside:
            _put(Path(aside), _texts(origin, plain, name, choices, today))
            project, problems = check_files(Path(aside), environ)
            if project is not None:
                with Lapwing(project) as lapwing:
                    problems = lapwing.check()
        if not problems:
            return choices
        fewer = [_without(choice, problems) for choice in choices]
        if fewer == choices:
            break
        choices = fewer
    raise LapwingError(*problems)


def _without(choice: Choice, problems: Sequence[Problem]) -> Choice:
    """The choice without the dimensions, measures and metrics that the problems are about."""
    file = f"{choice.name}.yaml"
    keys = {p.place.key for p in problems if p.place and p.place.key and p.place.file and p.place.file.endswith(file)}
    bad = {part for key in keys for part in key.split(".")}
    dimensions = tuple(one for one in choice.dimensions if one.name not in bad)
    measures = tuple(one for one in choice.measures if one.name not in bad or one.name == choice.count)
    gone = [one for one in (*choice.dimensions, *choice.measures) if one not in (*dimensions, *measures)]
    bad |= {one.name for one in gone}
    metrics = tuple(one for one in choice.metrics if one.name not in bad and not bad & {*one.sql.split(" / ")})
    kept = tuple(one for one in choice.kept if one not in bad)
    skipped = (*choice.skipped, *((one.column, "refused by the data's type") for one in gone))
    return replace(choice, dimensions=dimensions, measures=measures, metrics=metrics, kept=kept, skipped=skipped)


def _texts(
    origin: Origin, config: Mapping[str, Entry], name: str, choices: Sequence[Choice], today: datetime
) -> dict[str, str]:
    texts = {"lapwing.yaml": project_yaml(name, origin.config.name, config, choices, today)}
    return {**texts, **{f"datasets/{choice.name}.yaml": dataset_yaml(choice) for choice in choices}}


def _put(folder: Path, texts: Mapping[str, str]) -> tuple[Path, ...]:
    """
    Raises:
        WrongUse: the folder can't be written.
    """
    written = []
    try:
        (folder / "datasets").mkdir(parents=True)
        for name, text in texts.items():
            path = folder / name
            path.write_text(text, encoding="utf-8")
            written.append(path)
        ignore = folder / ".gitignore"
        known = ignore.read_text(encoding="utf-8") if ignore.exists() else ""
        if ".lapwing/" not in known.splitlines():
            ignore.write_text(known + _IGNORED, encoding="utf-8")
            written.append(ignore)
    except OSError as error:
        raise WrongUse.of("cannot-write", f"{folder} can't be written: {error.strerror}.") from error
    return tuple(written)
