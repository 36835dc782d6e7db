"""Settings of lapwing.yaml that are an object each: the engine, the store, Beam, limits of results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lapwing.model.documents.project import ProjectDocument, ResultLimitDocument
from lapwing.model.documents.read import Draft
from lapwing.model.names import nearest
from lapwing.model.problem import Problem
from lapwing.model.project import BeamConfig, EngineConfig, Reads, ResultLimit, ResultLimitsConfig, StoreConfig, Writes

_DEFAULT_STORE = ".lapwing/store"
_DEFAULT_TABLE = "lapwing"


class Settings:
    """Resolves `engine`, `store`, `beam` and `result_limits`; what is wrong is in `problems`. `path` says where a file is that
    is named in the project."""

    def __init__(self, main: Draft[ProjectDocument], path: Callable[[str], Path]) -> None:
        self._main = main
        self._path = path
        self.problems: list[Problem] = []

    def engine(self) -> EngineConfig | None:
        document, place = self._main.document, self._main.located.key("engine")
        engine = document.engine
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

    def store(self) -> StoreConfig:
        store = self._main.document.store
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

    def beam(self) -> BeamConfig:
        beam = self._main.document.beam
        return BeamConfig(
            runner=beam.runner,
            job_endpoint=beam.job_endpoint,
            workers=beam.workers,
            shards=beam.shards,
            options=beam.options,
            dataflow=beam.dataflow.options(),
        )

    def result_limits(self) -> ResultLimitsConfig:
        document = self._main.document.result_limits
        return ResultLimitsConfig(
            all=_limit(document),
            batch=_limit(document.batch),
            people={name: _limit(one) for name, one in document.people.items()},
        )


def _limit(document: ResultLimitDocument) -> ResultLimit:
    return ResultLimit(rows=document.rows, bytes=document.bytes)
