"""A cluster of Trino that has tables of the project's sources as its catalogs'."""

from __future__ import annotations

import threading
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

from lapwing.model.problem import SourceError
from lapwing.model.project import EngineConfig, SourceConfig
from lapwing.sources.base import Column, Source, Table
from lapwing.sources.circuit import Circuit
from lapwing.sources.guarded import Guarded
from lapwing.sources.trino import TrinoSource
from lapwing.sql.capability import No
from lapwing.sql.catalog import DEFAULT_SCHEMAS
from lapwing.sql.whole.speech import Speech

ENGINE = "the cluster"


class _Catalog(TrinoSource):
    looks: ClassVar[bool] = False


class Cluster(TrinoSource):
    """Runs statements that were written for it. Safe to use from several threads."""

    looks: ClassVar[bool] = False
    speech: ClassVar[Speech] = Speech()

    def __init__(self, config: EngineConfig) -> None:
        self._dsn, self._catalogs = config.dsn, config.catalogs
        super().__init__(self._config_of(ENGINE, config.dsn, config))
        self._engine_config = config
        self.circuit = Circuit(ENGINE)
        """Of all its catalogs, too."""
        self._opened: dict[str, Guarded] = {}
        self._opening = threading.Lock()

    @property
    def address(self) -> str:
        """Where it is, without who asks."""
        parts = urlsplit(self._dsn)
        return f"Trino at {parts.hostname}:{parts.port}" if parts.port else f"Trino at {parts.hostname}"

    def tables(self) -> tuple[Table, ...]:
        """None of its own."""
        return ()

    def forget(self) -> None:
        with self._opening:
            for catalog in self._opened.values():
                catalog.forget()

    def placed_at(self, source: Source, table: Table) -> tuple[str, tuple[Column, ...]]:
        """The table in a FROM there, and those of its columns that are the same there.

        Raises:
            No: it has no such table. SourceError: it does not answer.
        """
        mapped = self._catalogs.get(source.name, source.name)
        name, _, schema = mapped.partition(".")
        if source.capabilities.native and source.name not in self._catalogs:
            raise No(f"{table.path} is read by the engine alone")
        catalog = self._catalog_called(name)
        schema = table.schema or schema or DEFAULT_SCHEMAS.get(source.kind, "")
        wanted = (schema.lower(), table.name.lower())
        found = [
            one
            for one in self._tables_of(catalog, name, source)
            if (one.schema.lower() if schema else "", one.name.lower()) == wanted
        ]
        if len(found) != 1:
            raise No(f"{table.path} is not in the catalog {mapped} of the cluster")
        there = {column.name.lower(): column for column in found[0].columns}
        same = tuple(column for column in table.columns if _alike(column, there.get(column.name.lower())))
        return catalog.reference(found[0]), same

    def _tables_of(self, catalog: Source, name: str, source: Source) -> tuple[Table, ...]:
        try:
            return catalog.tables()
        except SourceError as error:
            if error.problems[0].code == "unknown-catalog":
                raise No(f"the cluster has no catalog {name}, which {source.name} would be") from error
            raise

    def _catalog_called(self, name: str) -> Guarded:
        with self._opening:
            if name not in self._opened:
                parts = urlsplit(self._dsn)
                dsn = urlunsplit(parts._replace(path=f"/{name}"))
                catalog = _Catalog(self._config_of(f"{ENGINE}'s {name}", dsn, self._engine_config))
                self._opened[name] = Guarded(catalog, self.circuit)
            return self._opened[name]

    @staticmethod
    def _config_of(name: str, dsn: str, config: EngineConfig) -> SourceConfig:
        return SourceConfig(
            name=name, type="trino", dsn=dsn, session=config.session, time_limit=config.time_limit, place=config.place
        )


def _alike(here: Column, there: Column | None) -> bool:
    return there is not None and (here.type, here.exact_text, True) == (there.type, True, there.exact_text)
