"""Lapwing as it is installed here, as a wheel that workers elsewhere install: the same code, and the same versions of what it
needs."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

import lapwing

EXTRAS: Final = ("beam", "bigquery", "bigtable")
"""What workers need beside the core."""
_ROOMS_LEFT_OUT: Final = ("alerts", "cli", "query", "server")
"""Workers never enter them."""
_NEEDED_THERE: Final = ("alembic", "fastapi", "granian", "rich", "sqlalchemy", "structlog")
"""By those rooms alone: a worker begins sooner without."""


def staged_wheel(folder: Path) -> Path:
    """Writes the wheel into `folder`. Made twice from the same code it is the same, byte by byte."""
    installed = importlib.metadata.distribution("lapwing")
    version = installed.version
    info = f"lapwing-{version}.dist-info"
    path = folder / f"lapwing-{version}-py3-none-any.whl"
    record: list[str] = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in (*_code(), (f"{info}/METADATA", _metadata(version)), (f"{info}/WHEEL", _WHEEL)):
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(data)}")
            wheel.writestr(zipfile.ZipInfo(name), data)
        record.append(f"{info}/RECORD,,")
        wheel.writestr(zipfile.ZipInfo(f"{info}/RECORD"), "\n".join(record) + "\n")
    return path


def _code() -> Iterator[tuple[str, bytes]]:
    root = Path(lapwing.__file__).parent
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if path.is_file() and inside.parts[0] not in _ROOMS_LEFT_OUT and "__pycache__" not in inside.parts:
            yield f"lapwing/{inside.as_posix()}", path.read_bytes()


def pinned(extras: tuple[str, ...] = EXTRAS) -> list[str]:
    """What Lapwing needs directly, each at the version that is installed here."""
    found: set[str] = set()
    for line in importlib.metadata.requires("lapwing") or ():
        needed = Requirement(line)
        marker = needed.marker
        wanted = marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))
        if wanted and needed.name not in _NEEDED_THERE:
            options = f"[{','.join(sorted(needed.extras))}]" if needed.extras else ""
            found.add(f"{needed.name}{options}=={importlib.metadata.version(needed.name)}")
    return sorted(found)


def _metadata(version: str) -> bytes:
    lines = ["Metadata-Version: 2.1", "Name: lapwing", f"Version: {version}"]
    return "\n".join((*lines, *(f"Requires-Dist: {one}" for one in pinned()), "")).encode()


_WHEEL: Final = b"Wheel-Version: 1.0\nGenerator: lapwing\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
