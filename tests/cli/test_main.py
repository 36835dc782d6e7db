"""The command itself: help, versions, exit codes, the project it is about, and how quickly it starts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Lapwing
from tests.shop import COMMAND

COMMANDS = ("sql", "query", "build", "rollups", "serve", "init", "check", "catalog")
HEAVY = ("duckdb", "pyarrow", "numpy", "fastapi", "sqlglot", "pydantic", "sqlalchemy", "granian", "yaml", "rich")


def test_help_loads_nothing_heavy() -> None:
    code = f"""
import sys
from lapwing.cli.main import main
assert main(["--help"]) == 0
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "run one SELECT" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_json(command: str, lapwing: Lapwing) -> None:
    said = lapwing(command, "--help")
    assert (said.code, said.err) == (0, "")
    assert "--json" in said.text
    assert command in lapwing("--help").text


def test_no_command_shows_the_help_and_is_an_error(lapwing: Lapwing) -> None:
    said = lapwing()
    assert (said.code, said.out) == (2, b"")
    assert "commands:" in said.err


def test_a_mistyped_command_is_told_the_nearest(lapwing: Lapwing) -> None:
    said = lapwing("qurey", "--metrics", "x")
    assert (said.code, said.err) == (2, "There is no command qurey. Did you mean query?\n")


def test_the_version_is_told(lapwing: Lapwing) -> None:
    assert lapwing("--version").text.startswith("lapwing ")


def test_errors_are_json_where_json_is_asked(lapwing: Lapwing, shop: Path) -> None:
    said = lapwing("-p", shop, "query", "--json", "--metrics", "orders", "--by", "twon")
    found = json.loads(said.err)
    assert (said.code, said.out, found["exit_code"], found["code"]) == (2, b"", 2, "unknown-dimension")
    assert found["problems"] == [
        {"code": "unknown-dimension", "message": "There is no dimension twon.", "nearest": ["town"]}
    ]
    assert json.loads(lapwing("--json", "nothing").err)["code"] == "unknown-command"


def test_the_project_is_the_nearest_upwards(
    lapwing: Lapwing, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop / "data" / "orders")
    assert lapwing("check").code == 0
    monkeypatch.chdir(tmp_path)
    assert "There is no lapwing.yaml here or in a folder above." in lapwing("check").err
    monkeypatch.setenv("LAPWING_PROJECT", str(shop))
    assert lapwing("check").code == 0
    said = lapwing("-p", tmp_path, "check")
    assert (said.code, f"There is no lapwing.yaml in {tmp_path}." in said.err) == (2, True)
    assert lapwing("check", "-p", shop).code == 0


def test_the_module_is_the_command() -> None:
    by_module = subprocess.run([sys.executable, "-m", "lapwing", "--version"], capture_output=True, check=True)
    assert by_module.stdout == subprocess.run([COMMAND, "--version"], capture_output=True, check=True).stdout
