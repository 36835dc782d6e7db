"""Files: Parquet, CSV and JSON lines in a folder or in object storage, read by the engine itself.

Each file is a table named after it (`orders.csv` is `orders`); each folder that holds files of one kind is one table, its
files read together (`flights/2013-01.parquet`, ... is `flights`). The path may also be one file, or a pattern with `*`
that makes one table.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Final

import pyarrow as pa

from lapwing.model.problem import LapwingError, Problem, SourceError, WrongUse
from lapwing.model.project import SourceConfig
from lapwing.sources import csv_dialect
from lapwing.sources.base import Capabilities, Column, Source, Split, Stream, Table
from lapwing.sources.counted import counted
from lapwing.sources.disks import Disk, DiskFile, LocalDisk
from lapwing.sources.engine import Engine
from lapwing.sources.file_sets import SEVERAL, FileSet, StoredFile, pattern_of
from lapwing.sources.parquet_footers import ParquetFooters
from lapwing.sources.parquet_splits import ROWS as SPLIT_ROWS
from lapwing.sources.parquet_splits import parquet_splits, read_parquet_split
from lapwing.sources.quote import identifier, select, text
from lapwing.sources.settled import SETTLED, version_of
from lapwing.sources.streams import EngineStream

READERS = {"parquet": "read_parquet", "csv": "read_csv", "json": "read_json"}


class FilesSource(Source):
    """See the module. `path` has to exist when it is asked."""

    kind: ClassVar[str] = "files"
    marks_quickly: ClassVar[bool] = True

    def __init__(self, config: SourceConfig, engine: Engine) -> None:
        if config.path is None and config.uri is None:
            raise SourceError.of("no-path", f"The source {config.name} has no path.", place=config.place)
        self.name, self._place, self._engine = config.name, config.place, engine
        self._disk = _disk(config, engine)
        self._time_limit = config.time_limit
        self.capabilities = Capabilities(dialect="duckdb", native=True)
        self._tables: dict[str, tuple[str, Table | SourceError]] = {}
        self._footers = ParquetFooters(self._disk)
        self._dialects: dict[str, tuple[StoredFile, str]] = {}

    def tables(self) -> tuple[Table, ...]:
        found = self._tables_or_why().values()
        tables = tuple(one for one in found if isinstance(one, Table))
        broken = [one for one in found if isinstance(one, SourceError)]
        if broken and not tables:
            raise SourceError(*(problem for error in broken for problem in error.problems))
        return tables

    def broken(self) -> Mapping[str, LapwingError]:
        return {name: one for name, one in self._tables_or_why().items() if isinstance(one, SourceError)}

    def forget(self) -> None:
        self._disk.forget()

    def read(self, sql: str, columns: tuple[Column, ...], *, time_limit: float | None = None) -> Stream:
        limit = time_limit if time_limit is not None else self._time_limit
        return EngineStream(self.name, self._engine.cursor(), sql, columns, time_limit=limit)

    def scan_sql(
        self, table: Table, columns: tuple[Column, ...], where: str | None = None, limit: int | None = None
    ) -> str:
        return select([identifier(column.name) for column in columns], self.relation(table), where, limit)

    def relation(self, table: Table) -> str:
        return self._relation(table.name, self._set(table.name))

    def shown(self, table: Table) -> str:
        found = self._set(table.name)
        root, paths = self._disk.root, [file.path for file in found.files]
        if len(paths) == 1:
            return self._relation(table.name, found, text(paths[0].relative_to(root).as_posix()))
        several = f"of {len(paths):,} files"
        return f"{self._relation(table.name, found, text(pattern_of(paths, root)))} {several}"

    def expected_rows(self, table: Table, where: str) -> float | None:
        return counted(self._engine, self.relation(table), where)

    def mark(self, table: Table, column: str | None = None, start: int | None = None, end: int | None = None) -> str:
        found = self._set(table.name)
        if column is None or found.kind != "parquet":
            return found.fingerprint()
        touched = [file for file in found.files if self._footers.overlaps(file, column, start, end)]
        return FileSet("parquet", tuple(touched)).fingerprint()

    def version(self, table: Table, *, anew: bool = False) -> str | None:
        """Of object storage by names, sizes and times of the objects, which are told in seconds there."""
        if anew:
            self._disk.forget()
        found = self._set(table.name)
        paths = [file.path for file in found.files if isinstance(file.path, Path)]
        if len(paths) == len(found.files):
            return version_of(paths)
        if any(file.written > (time.time() - SETTLED) * 1e9 for file in found.files):
            return None
        return "\n".join(f"{file.path} {file.size} {file.written}" for file in found.files)

    def parquet(self, table: Table) -> tuple[Path, ...] | None:
        """The files of a table, None where they are not Parquet on this machine's disk."""
        found = self._set(table.name)
        paths = tuple(file.path for file in found.files if isinstance(file.path, Path))
        return paths if found.kind == "parquet" and len(paths) == len(found.files) else None

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
        return read_parquet_split(split, self._disk)

    def close(self) -> None:
        self._tables.clear()
        self._disk.forget()

    def _set(self, name: str) -> FileSet:
        found = self._disk.sets().get(name)
        if found is None:
            raise SourceError.of("table-vanished", f"The files of {self.name}.{name} are not there any more.")
        return found

    def _tables_or_why(self) -> dict[str, Table | SourceError]:
        """Every table, or why it is none; kept as long as its files are unchanged."""
        known: dict[str, tuple[str, Table | SourceError]] = {}
        for name, found in self._disk.sets().items():
            fingerprint = found.fingerprint()
            before = self._tables.get(name)
            known[name] = before if before and before[0] == fingerprint else (fingerprint, self._look(name, found))
        self._tables = known
        return {name: found for name, (_, found) in known.items()}

    def _look(self, name: str, found: FileSet) -> Table | SourceError:
        if found.kind == SEVERAL:
            shown = [file.path.relative_to(self._disk.root) for file in found.files[:4]]
            names = ", ".join("/".join(path.parts[1:] or path.parts) for path in shown)
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
            described = cursor.execute(f"DESCRIBE SELECT * FROM {self._relation(name, found)}")
        return Table(
            source=self.name,
            schema="",
            name=name,
            columns=tuple(Column(column, kind, null == "YES") for column, kind, null, *_ in described),
            rows=self._footers.rows(found.files) if found.kind == "parquet" else None,
            bytes=sum(file.size for file in found.files),
        )

    def _unreadable(self, name: str, found: FileSet, error: LapwingError) -> SourceError:
        """A file that is not what its name says; the engine's places are those of a statement nobody wrote."""
        says = " ".join(error.problems[0].message.split())
        hint = "Mend or remove the file; one whose name begins with _ is left alone."
        if found.kind == "csv" and "sniffing" in says:
            files = (DiskFile(self._disk, file) for file in found.files)
            broken = next(filter(None, map(csv_dialect.broken_line, files)), None)
            says, hint = broken or "its lines do not fit together; is a quote left open?", "Mend the line."
        if "not utf-8" in says:
            hint = "Save it as UTF-8."
        first = found.files[0].path
        file = first.name if len(found.files) == 1 else f"one of {first.parent.name}/"
        message = f"The table {self.name}.{name} ({file}) can't be read: {says}"
        return SourceError(Problem("unreadable-file", message, self._place, hint=hint))

    def _relation(self, name: str, found: FileSet, names: str | None = None) -> str:
        """What stands in the engine's FROM; with `names`, these in place of all the files."""
        names = names or f"[{', '.join(text(self._disk.engine_name(file)) for file in found.files)}]"
        together = ", union_by_name = true" if len(found.files) > 1 else ""
        lines = ", format = 'newline_delimited'" if found.kind == "json" and _is_lines(found.files[0]) else ""
        dialect = f", {self._dialect(name, found.files[0])}" if found.kind == "csv" else ""
        # Parquet's least and greatest values leave NaN out; without this the engine takes them for all there is, and folds
        # away conditions that only a NaN fails or meets.
        numbers = ", can_have_nan = true" if found.kind == "parquet" else ""
        return f"{READERS[found.kind]}({names}{together}{lines}{dialect}{numbers})"

    def _dialect(self, name: str, first: StoredFile) -> str:
        known = self._dialects.get(name)
        if known is None or known[0] != first:
            known = self._dialects[name] = (first, csv_dialect.options(DiskFile(self._disk, first)))
        return known[1]


def _disk(config: SourceConfig, engine: Engine) -> Disk:
    if config.uri is None:
        return LocalDisk(config)
    from lapwing.sources.engine_files import EngineFiles
    from lapwing.sources.object_disk import ObjectDisk

    disk = ObjectDisk(config)
    engine.reach(EngineFiles(disk))
    return disk


def _is_lines(file: StoredFile) -> bool:
    return file.path.suffix != ".json"


SOURCE: Final = FilesSource
