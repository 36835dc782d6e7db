"""Where the stores under test are: one configuration for each kind, which other processes can open, too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import uuid
from pathlib import Path

import pytest
from tests.services.bigtable import Bigtable

from lapwing.model.project import StoreConfig

INSTANCE = "projects/test/instances/test"
KINDS = ("memory", "lmdb", "bigtable")
OF_PROCESSES = ("lmdb", "bigtable")
"""The kinds that several processes can use."""


def place(kind: str, request: pytest.FixtureRequest) -> StoreConfig:
    """A store of that kind, empty and not made yet. The emulator is started if need be."""
    if kind == "bigtable":
        server: Bigtable = request.getfixturevalue("bigtable_server")
        request.getfixturevalue("monkeypatch").setenv("BIGTABLE_EMULATOR_HOST", server.address)
        return StoreConfig(type=kind, instance=INSTANCE, table=f"t{uuid.uuid4().hex[:12]}")
    folder: Path = request.getfixturevalue("tmp_path")
    return StoreConfig(type=kind, path=folder / "rollups" if kind == "lmdb" else None)


def process(config: StoreConfig, body: str) -> subprocess.Popen[str]:
    """Another Python with `store` (open) at hand, talking by lines. It says "open" first."""
    start = """
    import json, sys
    from pathlib import Path
    from lapwing.cache.stores import open_store
    from lapwing.model.project import StoreConfig
    given = json.loads(sys.argv[1])
    store = open_store(StoreConfig(**{**given, "path": given["path"] and Path(given["path"])}))
    print("open")
    """
    given = {name: getattr(config, name) for name in ("type", "instance", "table", "app_profile")}
    given["path"] = str(config.path) if config.path else None
    other = subprocess.Popen(
        [sys.executable, "-u", "-c", textwrap.dedent(start) + textwrap.dedent(body), json.dumps(given)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "open\n"
    return other


def ended(other: subprocess.Popen[str], code: int, seconds: float = 60) -> None:
    """Waits for it to end with `code`, and closes its pipes."""
    assert other.wait(seconds) == code
    for pipe in (other.stdin, other.stdout):
        if pipe is not None:
            pipe.close()
