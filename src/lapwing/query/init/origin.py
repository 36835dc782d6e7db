"""What was named with --from: files, a DuckDB or SQLite file, a PostgreSQL or a MariaDB server, a dataset of BigQuery, Delta or
Iceberg tables."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from lapwing.model.problem import NotFound, SourceError, WrongUse
from lapwing.model.project import SourceConfig
from lapwing.model.size import parse_size
from lapwing.query.init.names import source_name
from lapwing.sources.file_sets import KINDS
from lapwing.sources.lake_errors import explain
from lapwing.sources.lake_folders import kind_of

_SQLITE, _DUCKDB = b"SQLite format 3\0", b"DUCK"
_KEYWORDS = re.compile(r"\b(host|hostaddr|dbname|user|port|service)\s*=")
_BIGQUERY = re.compile(r"bigquery://([a-z0-9.:-]+)/((?:[a-z0-9-]+\.)?\w+)/?")
MOST_BILLED = "100GB"
"""Of one read, in a project that `init` wrote."""
_PASSWORD = re.compile(r"(password\s*=\s*)('[^']*'|\S+)")


Entry = str | dict[str, str]
"""A value of the source in the project's file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """`config` is for looking now. `yaml` is the source as the project writes it, without any secret; `environ` what has
    to be exported for that, with the secret hidden."""

    config: SourceConfig
    yaml: dict[str, Entry]
    environ: dict[str, str] = field(default_factory=dict)


def find_origin(text: str, folder: Path) -> Origin:
    """
    Raises:
        NotFound: there is no such file. WrongUse: it is nothing that can be read.
    """
    if re.match(r"postgres(ql)?://", text) or _KEYWORDS.search(text):
        return _server(text, "postgres")
    if re.match(r"(mysql|mariadb)://", text):
        return _server(text, "mariadb")
    if text.startswith("bigquery://"):
        return _bigquery(text)
    if text.startswith(("iceberg+http://", "iceberg+https://")):
        return _iceberg("lake", {"type": "rest", "uri": text.removeprefix("iceberg+")})
    if re.match(r"(s3|gs)://[^/]+", text):
        return _stored(text)
    if re.match(r"[a-z][a-z0-9+]*://", text):
        says = f"Data at {text.partition('://')[0]}:// can't be read yet."
        raise WrongUse.of("unknown-origin", says, hint=_readable())
    path = Path(text).expanduser().absolute()
    if not path.exists():
        raise NotFound.of("no-such-file", f"There is no file or folder {text}.", hint=_readable())
    kind = _kind(path)
    if kind == "sqlite" and (catalog := _catalog_in(path)) is not None:
        named = {"type": "sql", "uri": f"sqlite:///{_path_from(folder, path)}", "name": catalog}
        return _iceberg("lake", named | {"uri": f"sqlite:///{path}"}, named)
    name = kind if kind in ("files", "delta", "iceberg") else source_name(path.stem)
    return Origin(
        config=SourceConfig(name=name, type=kind, path=path), yaml={"type": kind, "path": _path_from(folder, path)}
    )


def _kind(path: Path) -> str:
    if path.is_dir() or path.name.endswith(".metadata.json"):
        return kind_of(SourceConfig(name="init", type="files", path=path)) or "files"
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise WrongUse.of("unreadable-file", f"{path.name} can't be read: {error.strerror}.") from error
    if head == _SQLITE:
        return "sqlite"
    if head[8:12] == _DUCKDB:
        return "duckdb"
    if path.name.lower().endswith(tuple(KINDS)):
        return "files"
    raise WrongUse.of("unknown-origin", f"{path.name} is of no kind that can be read.", hint=_readable())


def _iceberg(name: str, catalog: dict[str, str], written: dict[str, str] | None = None) -> Origin:
    config = SourceConfig(name=name, type="iceberg", catalog=catalog)
    return Origin(config=config, yaml={"type": "iceberg", "catalog": written or catalog})


def _catalog_in(path: Path) -> str | None:
    """The name of the catalog of Iceberg tables that is in a SQLite file; None where there is none, or are several."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        try:
            found = database.execute("select distinct catalog_name from iceberg_tables").fetchall()
        except sqlite3.Error:
            return None
    return str(found[0][0]) if len(found) == 1 else None


def _stored(uri: str) -> Origin:
    """Files, or tables of a lake, in object storage. A pattern, and what has a file's ending, is files."""
    kind = "files" if "*" in uri or uri.lower().endswith(tuple(KINDS)) else None
    try:
        kind = kind or kind_of(SourceConfig(name="init", type="delta", uri=uri)) or "files"
    except OSError as error:
        raise explain(uri, None, error) from error
    except SourceError:  # no such folder, of which Google never tells: the files' own look says more
        kind = "files"
    return Origin(config=SourceConfig(name=kind, type=kind, uri=uri), yaml={"type": kind, "path": uri})


def _readable() -> str:
    files = f"a file ({', '.join(KINDS)}), a folder of them or of Delta or Iceberg tables, a DuckDB or SQLite file"
    servers = "postgresql://user@host/db, mysql://user@host/db, bigquery://project/dataset"
    return f"Name {files}, {servers}, iceberg+https://catalog, s3://bucket/folder or gs://bucket/folder."


def _path_from(folder: Path, path: Path) -> str:
    """Relative where both are near, so that the folder can move with its data."""
    folder = folder.absolute()
    common = Path(os.path.commonpath([folder, path]))
    return os.path.relpath(path, folder) if len(common.parts) > 2 else str(path)


def _server(dsn: str, kind: str) -> Origin:
    hidden, database = _without_password(dsn)
    name = source_name(database)
    config = SourceConfig(name=name, type=kind, dsn=dsn)
    if hidden == dsn:
        return Origin(config=config, yaml={"type": kind, "dsn": dsn})
    variable = f"{name.upper()}_DSN"
    return Origin(config=config, yaml={"type": kind, "dsn": f"${{{variable}}}"}, environ={variable: hidden})


def _bigquery(text: str) -> Origin:
    """The looking is bounded, too: nobody means to pay for a look at all of a huge table."""
    found = _BIGQUERY.fullmatch(text)
    if found is None:
        hint = "Write bigquery://PROJECT/DATASET; the project is the one that is billed."
        raise WrongUse.of("unknown-origin", f"{text} names no dataset of BigQuery.", hint=hint)
    project, dataset = found.groups()
    name = source_name(dataset.rpartition(".")[2])
    config = SourceConfig(
        name=name,
        type="bigquery",
        project=project,
        datasets=(dataset,),
        maximum_bytes_billed=parse_size(MOST_BILLED),
    )
    yaml = {"type": "bigquery", "project": project, "datasets": dataset, "maximum_bytes_billed": MOST_BILLED}
    return Origin(config=config, yaml=yaml)


def _without_password(dsn: str) -> tuple[str, str]:
    """The DSN with its password hidden, and the database's name."""
    if "://" not in dsn:
        named = re.search(r"dbname\s*=\s*'?(\w+)", dsn)
        return _PASSWORD.sub(r"\1PASSWORD", dsn), named[1] if named else "postgres"
    parts = urlsplit(dsn)
    database = parts.path.strip("/") or parts.scheme.removesuffix("ql")
    query = re.sub(r"(^|&)(password=)[^&]*", r"\1\2PASSWORD", parts.query)
    user, at, host = parts.netloc.rpartition("@")
    if ":" in user:
        user = f"{user.partition(':')[0]}:PASSWORD"
    return urlunsplit((parts.scheme, f"{user}{at}{host}", parts.path, query, parts.fragment)), database
