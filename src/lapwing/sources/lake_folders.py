"""Tables that lie in folders: each is a folder that has another of a known name in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from lapwing.model.problem import SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources.storage import filesystem, joined, root_of

_DEPTH: Final = 2
LOG: Final = "_delta_log"
METADATA: Final = "metadata"


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of a table: where it is, as a path of this machine or a URL."""

    schema: str
    name: str
    uri: str


def kind_of(config: SourceConfig) -> str | None:
    """Whether a folder is, or holds, tables of the kind delta or iceberg; None where it is, and holds, none."""
    root = root_of(config)
    if root is not None and root.endswith(".metadata.json"):
        return "iceberg"
    if folders_of(config, LOG):
        return "delta"
    for folder in folders_of(config, METADATA):
        if any(name.endswith(".metadata.json") for name, _, _ in names_in(config, f"{folder.uri}/{METADATA}")):
            return "iceberg"
    return None


def folders_of(config: SourceConfig, inside: str) -> list[Folder]:
    """The tables whose folders have one called `inside`: the path itself, the folders in it, and those in these, whose names
    are schemas.

    Raises:
        SourceError: the path is not there.
    """
    import pyarrow.fs as fs

    root = root_of(config)
    assert root is not None
    files, path = filesystem(root, config.storage)
    if _is_folder(files, f"{path}/{inside}"):
        return [Folder("", path.rsplit("/", 1)[-1], joined(root, path))]
    if files.get_file_info(path).type == fs.FileType.NotFound:
        raise SourceError.of(
            "missing-path",
            f"The source {config.name} reads {root}, which is not there.",
            place=config.place,
            hint="Mend the path in lapwing.yaml, or put the tables there.",
        )
    return [Folder(schema, name, joined(root, found)) for schema, name, found in _in(files, path, inside, "", _DEPTH)]


def names_in(config: SourceConfig, uri: str) -> list[tuple[str, int, int]]:
    """The files of a folder by name: with size and the time of their last change."""
    import pyarrow.fs as fs

    files, path = filesystem(uri, config.storage)
    infos = files.get_file_info(fs.FileSelector(path, allow_not_found=True))
    return sorted((info.base_name, info.size or 0, info.mtime_ns or 0) for info in infos if info.is_file)


def _in(files: Any, path: str, inside: str, schema: str, depth: int) -> Iterator[tuple[str, str, str]]:
    import pyarrow.fs as fs

    for info in sorted(files.get_file_info(fs.FileSelector(path)), key=lambda one: str(one.path)):
        if info.is_file or info.base_name.startswith((".", "_")):
            continue
        if _is_folder(files, f"{info.path}/{inside}"):
            yield schema, info.base_name, info.path
        elif depth > 1:
            yield from _in(files, info.path, inside, info.base_name, depth - 1)


def _is_folder(files: Any, path: str) -> bool:
    import pyarrow.fs as fs

    if files.get_file_info(path).type == fs.FileType.Directory:
        return True
    # Google Cloud Storage has folders by their files' names alone, of which pyarrow tells nothing.
    return files.type_name == "gcs" and bool(files.get_file_info(fs.FileSelector(path, allow_not_found=True)))
