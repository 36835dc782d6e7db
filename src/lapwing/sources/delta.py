"""Delta tables in a folder: of this machine, S3 or Google Cloud Storage; their log by deltalake, their files by pyarrow."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, ClassVar, Final
from urllib.parse import unquote

import pyarrow as pa

from lapwing.model.problem import SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources.delta_files import may_match, span_of
from lapwing.sources.engine import Engine
from lapwing.sources.lake import DataFile, LakeSource, Name, Snapshot
from lapwing.sources.lake_errors import missing_extra
from lapwing.sources.lake_filter import Condition, arrow_filter
from lapwing.sources.lake_folders import LOG, Folder, folders_of, names_in
from lapwing.sources.storage import delta_options, filesystem, split

_PLAIN: Final = frozenset({"timestampNtz", "vacuumProtocolCheck", "v2Checkpoint", "typeWidening", "appendOnly"})
"""What a table may ask of its readers so that its files hold its rows as they are."""


class DeltaSource(LakeSource):
    """See the module. The path is a table, or holds tables, or folders of tables, which are schemas."""

    kind: ClassVar[str] = "delta"

    def __init__(self, config: SourceConfig, engine: Engine) -> None:
        super().__init__(config, engine)
        self._folders: dict[Name, Folder] = {}
        self._known: dict[Name, tuple[object, DeltaSnapshot]] = {}

    def close(self) -> None:
        super().close()
        self._known = {}

    def _names(self) -> list[Name]:
        self._folders = {(one.schema, one.name): one for one in folders_of(self._config, LOG)}
        return list(self._folders)

    def _latest(self, name: Name) -> Snapshot:
        """As it was opened before, where no file of its log is another."""
        folder = self._folder(name)
        log = names_in(self._config, f"{folder.uri}/{LOG}")
        if not log:
            raise self._vanished(name)
        known = self._known.get(name)
        if known is None or known[0] != log:
            known = self._known[name] = (log, self._open(folder, None))
        return known[1]

    def _at(self, name: Name, version: str) -> Snapshot:
        known = self._known.get(name)
        if known is None or known[1].version != version:
            known = self._known[name] = (None, self._open(self._folder(name), int(version.partition(" ")[0])))
        if known[1].version != version:
            raise SourceError.of(
                "source-changed",
                f"{self._shown(name)} was made anew after the build had been planned.",
                hint="Build again; nothing of this was published.",
            )
        return known[1]

    def _folder(self, name: Name) -> Folder:
        if name not in self._folders:
            self._names()
        found = self._folders.get(name)
        if found is None:
            raise self._vanished(name)
        return found

    def _open(self, folder: Folder, version: int | None) -> DeltaSnapshot:
        try:
            from deltalake import DeltaTable
        except ImportError as error:
            raise missing_extra("deltalake", self._place) from error
        options = delta_options(folder.uri, self._config.storage)
        table = DeltaTable(folder.uri, version=version, storage_options=options)
        return DeltaSnapshot(table, filesystem(folder.uri, self._config.storage))


class DeltaSnapshot(Snapshot):
    """A version of a Delta table. Its files are read as they are; where deletion vectors or names of columns stand between
    them and its rows, deltalake's own engine reads them."""

    def __init__(self, table: Any, files: tuple[Any, str]) -> None:
        self._table, (self._disk, self._root) = table, files
        told = table.metadata()
        self.version = f"{table.version()} {told.id}"
        self.mark = self.version
        self.description = told.description or ""
        self.schema = pa.schema(table.schema().to_arrow())
        self._parted = frozenset(told.partition_columns)
        self._actions = pa.table(table.get_add_actions(flatten=True))
        needs = frozenset(table.protocol().reader_features or ())
        renamed = told.configuration.get("delta.columnMapping.mode", "none") != "none"
        self._as_they_are = needs <= _PLAIN and not renamed
        rows = self._actions.column("num_records").to_pylist()
        self.rows = sum(rows) if None not in rows else None
        self.bytes = sum(self._actions.column("size_bytes").to_pylist())

    def files(self, column: str | None = None) -> Sequence[DataFile] | None:
        if not self._as_they_are:
            return None
        paths, counts = (self._actions.column(name).to_pylist() for name in ("path", "num_records"))
        spans = [None] * len(paths) if column is None else span_of(self._actions, column)
        return [DataFile(path, path, rows, span) for path, rows, span in zip(paths, counts, spans, strict=True)]

    def most(self, condition: Condition) -> int | None:
        if not self._as_they_are:
            return None
        rows = self._actions.filter(may_match(condition, self._actions)).column("num_records").to_pylist()
        return sum(rows) if None not in rows else None

    def read(
        self, names: Sequence[str], condition: Condition | None, paths: Collection[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        if not self._as_they_are:
            yield from self._by_deltalake(names, condition)
            return
        kept = self._actions if condition is None else self._actions.filter(may_match(condition, self._actions))
        told = kept.select(["path", *(f"partition.{name}" for name in self._parted)])
        asked = None if condition is None else arrow_filter(condition, self.schema)
        for row in told.to_pylist():
            if paths is None or row["path"] in paths:
                yield from self._of_file(row).to_batches(columns=list(names), filter=asked)

    def _of_file(self, row: dict[str, Any]) -> Any:
        """One file as a dataset, with the values of its partition. What else the log tells of its values is kept from pyarrow,
        which would take it for exact: logs round it."""
        import pyarrow.compute as pc
        import pyarrow.dataset as ds

        known = None
        for name in self._parted:
            field, value = pc.field(name), row[f"partition.{name}"]
            one = field.is_null() if value is None else field == pa.scalar(value, self.schema.field(name).type)
            known = one if known is None else known & one
        form = ds.ParquetFileFormat()
        fragment = form.make_fragment(self._where(row["path"]), self._disk, known)
        return ds.FileSystemDataset([fragment], self.schema, form, self._disk)

    def _where(self, path: str) -> str:
        """A file's path on its disk; the log writes it as a part of a URL, relative to the table unless it was cloned."""
        plain = unquote(path)
        if "://" in plain or plain.startswith(("/", "file:")):
            return split(plain)[1]
        return f"{self._root}/{plain}"

    def _by_deltalake(self, names: Sequence[str], condition: Condition | None) -> Iterator[pa.RecordBatch]:
        reader = pa.RecordBatchReader.from_stream(self._table.scan(columns=list(names)))
        asked = None if condition is None else arrow_filter(condition, self.schema)
        for batch in reader:
            yield batch if asked is None else batch.filter(asked)


SOURCE: Final = DeltaSource
