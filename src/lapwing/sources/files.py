"""Files: Parquet, CSV and JSON lines in a folder, read by the engine itself.

Each file is a table named after it (`orders.csv` is `orders`); each folder that holds files of one kind is one table, its
files read together (`flights/2013-01.parquet`, ... is `flights`). The path may also be one file, or a pattern with `*`
that makes one table.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from lapwing.model.problem import LapwingError, Problem, SourceError, WrongUse
from lapwing.model.project import SourceConfig
from lapwing.sources import csv_dialect
from lapwing.sources.base import Capabilities, Column, Source, Split, Stream, Table
from lapwing.sources.counted import counted
from lapwing.sources.engine import Engine
from lapwing.sources.parquet_footers import ParquetFooters
from lapwing.sources.parquet_splits import ROWS as SPLIT_ROWS
from lapwing.sources.parquet_splits import parquet_splits, read_parquet_split
from lapwing.sources.quote import identifier, select, text
from lapwing.sources.streams import EngineStream

KINDS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".jsonl.gz": "json",
}
SEVERAL = "several"  # kinds, or tables of one name
READERS = {"parquet": "read_parquet", "csv": "read_csv", "json": "read_json"}


@dataclass(frozen=True, slots=True)
class FileSet:
    """The files behind one table, in name order."""

    kind: str
    files: tuple[Path, ...]

    def fingerprint(self) -> str:
        """Changes whenever a file was added, removed or written."""
        return ";".join(
            f"{file.name}:{stat.st_size}:{stat.st_mtime_ns}" for file in self.files for stat in [file.stat()]
        )


class FilesSource(Source):
    """See the module. `path` has to exist when it is asked."""

    kind: ClassVar[str] = "files"
    marks_quickly: ClassVar[bool] = True

    def __init__(self, config: SourceConfig, engine: Engine) -> None:
        if config.path is None:
            raise SourceError.of("no-path", f"The source {config.name} has no path.", place=config.place)
        self.name, self._path, self._place, self._engine = config.name, config.path, config.place, engine
        self._time_limit = config.time_limit
        self.capabilities = Capabilities(dialect="duckdb", native=True)
        self._tables: dict[str, tuple[str, Table | SourceError]] = {}
        self._footers = ParquetFooters()

    def tables(self) -> tuple[Table, ...]:
        found = self._tables_or_why().values()
        tables = tuple(one for one in found if isinstance(one, Table))
        broken = [one for one in found if isinstance(one, SourceError)]
        if broken and not tables:
            raise SourceError(*(problem for error in broken for problem in error.problems))
        return tables

    def broken(self) -> Mapping[str, LapwingError]:
        return {name: one for name, one in self._tables_or_why().items() if isinstance(one, SourceError)}

    def read(self, sql: str, columns: tuple[Column, ...], *, time_limit: float | None = None) -> Stream:
        limit = time_limit if time_limit is not None else self._time_limit
        return EngineStream(self.name, self._engine.cursor(), sql, columns, time_limit=limit)

    def scan_sql(
        self, table: Table, columns: tuple[Column, ...], where: str | None = None, limit: int | None = None
    ) -> str:
        return select([identifier(column.name) for column in columns], self.relation(table), where, limit)

    def relation(self, table: Table) -> str:
        return _relation(self._set(table.name))

    def shown(self, table: Table) -> str:
        found = self._set(table.name)
        root = self._path.parent.parent if "*" in self._path.name else self._path.parent
        if len(found.files) == 1:
            return _relation(found, text(found.files[0].relative_to(root).as_posix()))
        return f"{_relation(found, text(_pattern(found.files, root)))} of {len(found.files):,} files"

    def expected_rows(self, table: Table, where: str) -> float | None:
        return counted(self._engine, self.relation(table), where)

    def mark(self, table: Table, column: str | None = None, start: int | None = None, end: int | None = None) -> str:
        found = self._set(table.name)
        if column is None or found.kind != "parquet":
            return found.fingerprint()
        touched = [file for file in found.files if self._footers.overlaps(file, column, start, end)]
        return FileSet("parquet", tuple(touched)).fingerprint()

    def parquet(self, table: Table) -> tuple[Path, ...] | None:
        """The files of a table, None where they are not Parquet."""
        found = self._set(table.name)
        return found.files if found.kind == "parquet" else None

    def splits(
        self,
        table: Table,
        columns: tuple[Column, ...],
        *,
        where: str | None = None,
        time: tuple[str, int, int] | None = None,
        rows: int | None = None,
    ) -> tuple[Split, ...] | None:
        found = self._set(table.name)
        if found.kind != "parquet":
            return None
        return parquet_splits(table, found.files, self._footers, columns, time, rows or SPLIT_ROWS)

    def read_split(self, split: Split, *, time_limit: float | None = None) -> Iterator[pa.RecordBatch]:
        return read_parquet_split(split)

    def close(self) -> None:
        self._tables.clear()

    def _sets(self) -> dict[str, FileSet]:
        """Table name -> its files."""
        path = self._path
        if "*" in path.name:
            found = _known(path.parent.glob(path.name))
            if not found:
                raise SourceError.of(
                    "missing-path",
                    f"The source {self.name} reads {path}, and no file is called so.",
                    place=self._place,
                    hint=f"It reads {', '.join(KINDS)}.",
                )
            literal = re.sub(r"[^A-Za-z0-9_]+$", "", path.name.split("*")[0])
            return self._one(literal or path.parent.name, found)
        if path.is_file():
            return self._one(_stem(path), [path])
        if not path.is_dir():
            raise SourceError.of(
                "missing-path",
                f"The source {self.name} reads {path}, which is not there.",
                place=self._place,
                hint="Mend the path in lapwing.yaml, or put the data there.",
            )
        sets: dict[str, FileSet] = {}
        for entry in sorted(path.iterdir()):
            if entry.name.startswith((".", "_")) or entry.name.endswith(".part"):
                continue
            files = _known(entry.rglob("*")) if entry.is_dir() else _known([entry])
            for name, one in self._one(entry.name if entry.is_dir() else _stem(entry), files).items():
                before = sets.get(name)
                sets[name] = FileSet(SEVERAL, (*before.files, *one.files)) if before else one
        return sets

    def _one(self, name: str, files: list[Path]) -> dict[str, FileSet]:
        kinds = {str(_kind(file)) for file in files}
        kind = kinds.pop() if len(kinds) == 1 else SEVERAL
        return {name: FileSet(kind, tuple(sorted(files)))} if files else {}

    def _set(self, name: str) -> FileSet:
        found = self._sets().get(name)
        if found is None:
            raise SourceError.of("table-vanished", f"The files of {self.name}.{name} are not there any more.")
        return found

    def _tables_or_why(self) -> dict[str, Table | SourceError]:
        """Every table, or why it is none; kept as long as its files are unchanged."""
        known: dict[str, tuple[str, Table | SourceError]] = {}
        for name, found in self._sets().items():
            fingerprint = found.fingerprint()
            before = self._tables.get(name)
            known[name] = before if before and before[0] == fingerprint else (fingerprint, self._look(name, found))
        self._tables = known
        return {name: found for name, (_, found) in known.items()}

    def _look(self, name: str, found: FileSet) -> Table | SourceError:
        if found.kind == SEVERAL:
            names = ", ".join(str(file.relative_to(self._path)) for file in found.files[:4])
            return SourceError(
                Problem(
                    "mixed-files",
                    f"The table {self.name}.{name} would be made of files that are not one table: {names}.",
                    self._place,
                    hint="Keep files of one kind in a folder, and give each table a name of its own.",
                )
            )
        try:
            return self._table(name, found)
        except (WrongUse, SourceError) as error:
            return self._unreadable(name, found, error)

    def _table(self, name: str, found: FileSet) -> Table:
        with self._engine.cursor() as cursor:
            cursor.set_time_limit(self._time_limit)
            described = cursor.execute(f"DESCRIBE SELECT * FROM {_relation(found)}")
        return Table(
            source=self.name,
            schema="",
            name=name,
            columns=tuple(Column(column, kind, null == "YES") for column, kind, null, *_ in described),
            rows=self._footers.rows(found.files) if found.kind == "parquet" else None,
            bytes=sum(file.stat().st_size for file in found.files),
        )

    def _unreadable(self, name: str, found: FileSet, error: LapwingError) -> SourceError:
        """A file that is not what its name says; the engine's places are those of a statement nobody wrote."""
        says = " ".join(error.problems[0].message.split())
        hint = "Mend or remove the file; one whose name begins with _ is left alone."
        if found.kind == "csv" and "sniffing" in says:
            broken = next(filter(None, map(csv_dialect.broken_line, found.files)), None)
            says, hint = broken or "its lines do not fit together; is a quote left open?", "Mend the line."
        if "not utf-8" in says:
            hint = "Save it as UTF-8."
        file = found.files[0].name if len(found.files) == 1 else f"one of {found.files[0].parent.name}/"
        message = f"The table {self.name}.{name} ({file}) can't be read: {says}"
        return SourceError(Problem("unreadable-file", message, self._place, hint=hint))


def _relation(found: FileSet, names: str | None = None) -> str:
    """What stands in the engine's FROM; with `names`, these in place of all the files."""
    names = names or f"[{', '.join(text(str(file)) for file in found.files)}]"
    together = ", union_by_name = true" if len(found.files) > 1 else ""
    lines = ", format = 'newline_delimited'" if found.kind == "json" and found.files[0].suffix != ".json" else ""
    dialect = f", {csv_dialect.options(found.files[0])}" if found.kind == "csv" else ""
    # Parquet's least and greatest values leave NaN out; without this the engine takes them for all there is, and folds
    # away conditions that only a NaN fails or meets.
    numbers = ", can_have_nan = true" if found.kind == "parquet" else ""
    return f"{READERS[found.kind]}({names}{together}{lines}{dialect}{numbers})"


def _pattern(files: tuple[Path, ...], root: Path) -> str:
    """Several files in one name, from `root` on."""
    folders = {file.parent for file in files}
    endings = {_ending(file) for file in files}
    folder = Path(os.path.commonpath(folders)).relative_to(root).as_posix()
    return f"{folder}/{'**/' if len(folders) > 1 else ''}*{endings.pop() if len(endings) == 1 else ''}"


def _ending(file: Path) -> str:
    name = file.name.lower()
    return max((suffix for suffix in KINDS if name.endswith(suffix)), key=len)


def _kind(file: Path) -> str | None:
    name = file.name.lower()
    return next((kind for suffix, kind in KINDS.items() if name.endswith(suffix)), None)


def _known(files: Iterable[Path]) -> list[Path]:
    return [file for file in files if file.is_file() and _kind(file) and not file.name.startswith((".", "_"))]


def _stem(file: Path) -> str:
    return file.name.split(".")[0]
