"""Iceberg tables, by pyiceberg: those that a catalog knows (REST, SQL, Hive, Glue, ...), or those in a folder, of this machine,
S3 or Google Cloud Storage."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import pyarrow as pa

from lapwing.model.problem import SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources.engine import Engine
from lapwing.sources.iceberg_files import data_files, row_filter
from lapwing.sources.lake import DataFile, LakeSource, Name, Snapshot
from lapwing.sources.lake_errors import missing_extra
from lapwing.sources.lake_filter import Condition
from lapwing.sources.lake_folders import METADATA, folders_of, names_in
from lapwing.sources.storage import iceberg_properties, root_of

_FILE: Final = re.compile(r"v?(\d+)(?:-[0-9a-fA-F-]+)?(?:\.gz)?\.metadata\.json(?:\.gz)?\Z")
_HINT: Final = "version-hint.text"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a table is found: by its identifier in the catalog, in a folder, or by one file of metadata."""

    identifier: tuple[str, ...] = ()
    folder: str = ""
    file: str = ""


class IcebergSource(LakeSource):
    """See the module. Namespaces are schemas; of a path, folders of tables are."""

    kind: ClassVar[str] = "iceberg"

    def __init__(self, config: SourceConfig, engine: Engine) -> None:
        super().__init__(config, engine)
        self._places: dict[Name, _Place] = {}
        self._known: dict[Name, IcebergSnapshot] = {}
        self._opened: Any = None
        self._opening = threading.Lock()

    def close(self) -> None:
        super().close()
        self._known = {}

    def _names(self) -> list[Name]:
        self._places = dict(self._found())
        return list(self._places)

    def _found(self) -> Iterator[tuple[Name, _Place]]:
        root = root_of(self._config)
        if root is not None and root.endswith(".metadata.json"):
            parts = root.rsplit("/", 3)
            yield ("", parts[-3] if len(parts) > 2 else self.name), _Place(file=root)
        elif root is not None:
            for one in folders_of(self._config, METADATA):
                yield (one.schema, one.name), _Place(folder=one.uri)
        else:
            for namespace in self._namespaces(()):
                for identifier in self._catalog().list_tables(namespace):
                    yield (".".join(identifier[:-1]), identifier[-1]), _Place(identifier=tuple(identifier))

    def _namespaces(self, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if not above and self._config.schemas:
            yield from (tuple(name.split(".")) for name in self._config.schemas)
            return
        for namespace in self._catalog().list_namespaces(above):
            if len(namespace) > len(above):  # a catalog that does not know of namespaces in others lists all again
                yield namespace
                yield from self._namespaces(namespace)

    def _latest(self, name: Name) -> Snapshot:
        """As it was opened before, where its metadata is the same file."""
        place = self._place_of(name)
        if place.identifier:
            return self._remembered(name, self._catalog().load_table(place.identifier))
        location = place.file or self._newest(name, place.folder)
        known = self._known.get(name)
        return (
            known if known is not None and known.version == location else self._remembered(name, self._static(location))
        )

    def _at(self, name: Name, version: str) -> Snapshot:
        known = self._known.get(name)
        if known is not None and known.version == version:
            return known
        place = self._place_of(name)
        if not place.identifier:
            return self._remembered(name, self._static(version))
        table = self._catalog().load_table(place.identifier)
        return self._remembered(name, table if table.metadata_location == version else _before(table, version))

    def _remembered(self, name: Name, table: Any) -> IcebergSnapshot:
        known = self._known.get(name)
        if known is None or known.version != table.metadata_location:
            known = self._known[name] = IcebergSnapshot(table)
        return known

    def _place_of(self, name: Name) -> _Place:
        if name not in self._places:
            self._names()
        found = self._places.get(name)
        if found is None:
            raise self._vanished(name)
        return found

    def _static(self, location: str) -> Any:
        try:
            from pyiceberg.table import StaticTable
        except ImportError as error:
            raise missing_extra("pyiceberg", self._place) from error
        return StaticTable.from_metadata(location, iceberg_properties(self._config.storage))

    def _catalog(self) -> Any:
        with self._opening:
            if self._opened is None:
                try:
                    from pyiceberg.catalog import load_catalog
                except ImportError as error:
                    raise missing_extra("pyiceberg", self._place) from error
                properties = {"name": self.name, **iceberg_properties(self._config.storage), **self._config.catalog}
                self._opened = load_catalog(properties.pop("name"), **properties)
            return self._opened

    def _newest(self, name: Name, folder: str) -> str:
        """The metadata of a table that no catalog knows.

        Raises:
            SourceError: its folder does not say which one it is.
        """
        names = [one for one, _, _ in names_in(self._config, f"{folder}/{METADATA}")]
        numbered = {one: int(found[1]) for one in names if (found := _FILE.match(one))}
        if not numbered:
            raise self._vanished(name)
        newest = [one for one, number in numbered.items() if number == max(numbered.values())]
        if len(newest) > 1:
            raise SourceError.of(
                "ambiguous-table",
                f"{self._shown(name)} has two files of metadata of the same number: {', '.join(newest)}.",
                place=self._place,
                hint="One is of a write that failed: name the catalog that knows which, or the file, in lapwing.yaml.",
            )
        return f"{folder}/{METADATA}/{newest[0]}"


class IcebergSnapshot(Snapshot):
    """A version of an Iceberg table: columns by their field ids, and rows without those deleted, are pyiceberg's part."""

    def __init__(self, table: Any) -> None:
        from pyiceberg.io.pyarrow import schema_to_pyarrow

        self._table = table
        self._planned: list[Any] | None = None
        metadata, current = table.metadata, table.current_snapshot()
        self.version = table.metadata_location
        self.mark = f"{metadata.table_uuid} {current and current.snapshot_id} {metadata.current_schema_id}"
        self.schema = schema_to_pyarrow(table.schema(), include_field_ids=False)
        self.description = table.properties.get("comment", "")
        told = current.summary.additional_properties if current is not None and current.summary else {}
        self.rows = _number(told, "total-records") if current is not None else 0
        self.bytes = _number(told, "total-files-size") if current is not None else 0

    def files(self, column: str | None = None) -> Sequence[DataFile] | None:
        field = None if column is None else self._table.schema().find_field(column)
        return data_files(self._tasks(), field)

    def most(self, condition: Condition) -> int | None:
        tasks = self._table.scan(row_filter=row_filter(condition)).plan_files()
        return sum(int(task.file.record_count) for task in tasks)

    def read(
        self, names: Sequence[str], condition: Condition | None, paths: Collection[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """File by file: pyiceberg would have all at once in memory."""
        from pyiceberg.expressions import AlwaysTrue
        from pyiceberg.io.pyarrow import ArrowScan

        asked = AlwaysTrue() if condition is None else row_filter(condition)
        scan = self._table.scan(row_filter=asked, selected_fields=tuple(names))
        reader = ArrowScan(self._table.metadata, self._table.io, scan.projection(), scan.row_filter)
        for task in self._tasks() if condition is None else scan.plan_files():
            if paths is None or task.file.file_path in paths:
                yield from reader.to_record_batches([task])

    def _tasks(self) -> list[Any]:
        if self._planned is None:
            self._planned = list(self._table.scan().plan_files())
        return self._planned


def _before(table: Any, location: str) -> Any:
    """The table as a file of metadata of before says, by the same rights."""
    from pyiceberg.serializers import FromInputFile
    from pyiceberg.table import Table

    metadata = FromInputFile.table_metadata(table.io.new_input(location))
    return Table(table.name(), metadata, location, table.io, table.catalog)


def _number(told: Any, key: str) -> int | None:
    text = told.get(key)
    return int(text) if text is not None and str(text).isdigit() else None


SOURCE: Final = IcebergSource
