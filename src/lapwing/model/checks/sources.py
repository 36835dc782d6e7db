"""Sources are named well, and have the addresses that their kinds need."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from lapwing.model.checks.names import RESERVED_SOURCES, bad_name
from lapwing.model.documents.kafka import TopicDocument
from lapwing.model.documents.project import ProjectDocument, SourceDocument
from lapwing.model.documents.read import Draft
from lapwing.model.problem import Place, Problem
from lapwing.model.project import SourceConfig, Storage, Topic
from lapwing.model.source_kinds import SOURCE_KINDS

_REMOTE = re.compile(r"[a-z][a-z0-9]*://")
_STORES = re.compile(r"(s3|gs)://[^/]+")
_LAST_MESSAGES = 100_000
_LITE = re.compile(r"sqlite:///(.+)")


def source_names(main: Draft[ProjectDocument] | None) -> tuple[str, ...] | None:
    """The names of sources, None where they are not known for sure."""
    if main is None or ("sources",) in main.broken:
        return None
    given = main.located.data.get("sources")
    return tuple(given) if isinstance(given, Mapping) else ()


class Sources:
    """Resolves `sources`; what is wrong is in `problems`. Of values that lack (`before` tells, such as an unset variable)
    nothing more is said. `path` says where a file is that is named in the project."""

    def __init__(self, main: Draft[ProjectDocument], path: Callable[[str], Path], before: Sequence[Problem]) -> None:
        self._main = main
        self._path = path
        self._before = before
        self.problems: list[Problem] = []

    def sources(self) -> dict[str, SourceConfig]:
        """What is written, as far as it is right."""
        return {name: self._source(name, document) for name, document in self._main.document.sources.items()}

    def _named(self, name: str, place: Place) -> None:
        if ("sources",) in self._main.broken:
            return
        self.problems.extend(bad_name(name, place))
        if name.lower() in RESERVED_SOURCES:
            hint = "Take another name."
            self.problems.append(Problem("reserved-name", f"The name {name} is taken.", place, hint=hint))

    def _source(self, name: str, document: SourceDocument) -> SourceConfig:
        place = self._main.located.key("sources", name)
        self._named(name, place)
        dsn = SOURCE_KINDS[document.type].dsn
        if (
            document.dsn is not None
            and dsn is not None
            and not dsn.begins.match(document.dsn)
            and not self._unset("sources", name, "dsn")
        ):
            place_of_dsn = self._main.located.key("sources", name, "dsn")
            self.problems.append(Problem("bad-dsn", dsn.wrong, place_of_dsn, hint=dsn.hint))
        remote = document.path is not None and _REMOTE.match(document.path) is not None
        if remote and not self._unset("sources", name, "path"):
            self.problems.extend(_misplaced(document, self._main.located.key("sources", name, "path")))
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
                one: self._topic(one, told, self._main.located.key("sources", name, "topics", one))
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

    def _unset(self, *location: str) -> bool:
        place = self._main.located.key(*location)
        return any(problem.place == place for problem in self._before)


def _misplaced(document: SourceDocument, place: Place) -> Iterator[Problem]:
    """Why a path that is a URL can't be read."""
    if not SOURCE_KINDS[document.type].anywhere:
        says = f"A source of type {document.type} reads a file of this machine, not {document.path}."
        yield Problem("bad-path", says, place)
    elif not _STORES.match(document.path or ""):
        says = f"{document.path} is in no storage that can be read."
        yield Problem("bad-path", says, place, hint="Write s3://BUCKET/FOLDER or gs://BUCKET/FOLDER.")
