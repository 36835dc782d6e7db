"""The command, in this process where nothing speaks against it, and the shop it is asked about."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.shop import COMMAND, build, write_shop

from lapwing.cli.main import main


@dataclass(frozen=True)
class Said:
    """What a command left: its exit code, and what it wrote."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Lapwing = Callable[..., Said]
# A worker of Beam that a test before left behind may end now, and prints why: its own frames, then the error.
_LEFT_BEHIND = re.compile(
    rb'Traceback \(most recent call last\):\n(?:  File "[^"]*/apache_beam/[^\n]*\n(?:    [^\n]*\n)+)+\w[^\n]*\n'
)


@pytest.fixture
def lapwing(capfdbinary: pytest.CaptureFixture[bytes]) -> Lapwing:
    """Runs a command; whatever it says on stderr is no trace."""

    def run(*arguments: object) -> Said:
        capfdbinary.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfdbinary.readouterr()
        assert b"Traceback" not in _LEFT_BEHIND.sub(b"", err)
        assert b"stumbled" not in err
        return Said(code, out, err.decode())

    return run


def process(*arguments: object, **more: Any) -> subprocess.Popen[bytes]:
    """The command in a process of its own."""
    command = [str(part) for part in (COMMAND, *arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built, and read only by the tests."""
    folder = write_shop(tmp_path_factory.mktemp("shop"))
    build(folder)
    return folder


@pytest.fixture
def own_shop(tmp_path: Path) -> Path:
    """One to spoil; not built."""
    return write_shop(tmp_path / "shop")
