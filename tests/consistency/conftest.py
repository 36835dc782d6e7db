"""One project with every source, for the whole session, and at the end how many statements pushed what."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.consistency.kept import SOURCES
from tests.consistency.world import DATA, World, world

from lapwing.sql import plans
from lapwing.sql.aggregate import push
from lapwing.sql.reduce import choose, prune, values

_WORLDS: list[World] = []


@pytest.fixture(scope="session")
def near(postgres_dsn: str, mariadb_dsn: str, clickhouse_dsn: str) -> dict[str, str]:
    """The addresses of the servers of the quick tests."""
    return {"pg": postgres_dsn, "my": mariadb_dsn, "ch": clickhouse_dsn}


@pytest.fixture(scope="session")
def nasty(tmp_path_factory: pytest.TempPathFactory, near: dict[str, str]) -> Iterator[World]:
    """The nasty data in every source of the quick tests."""
    for made in world(tmp_path_factory.mktemp("nasty"), near, DATA.read_text(encoding="utf-8")):
        _WORLDS.append(made)
        yield made


@pytest.fixture(scope="module")
def far(near: dict[str, str], trino_dsn: str, bigquery_dsn: str, snowflake_dsn: str) -> dict[str, str]:
    """The addresses of all servers."""
    return {**near, "trino": trino_dsn, "bq": bigquery_dsn, "snow": snowflake_dsn}


@pytest.fixture(scope="module")
def nasty_far(tmp_path_factory: pytest.TempPathFactory, far: dict[str, str]) -> Iterator[World]:
    """The nasty data in every source."""
    for made in world(tmp_path_factory.mktemp("nasty_far"), far, DATA.read_text(encoding="utf-8"), SOURCES):
        _WORLDS.append(made)
        yield made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for made in _WORLDS:
        terminalreporter.section("statements by where they were asked, and what of them went to sources")
        for spread in dict.fromkeys(name for name, _ in made.pushed):
            counts = [f"{count:,} {what}" for (name, what), count in made.pushed.items() if name == spread and count]
            terminalreporter.write_line(f"{spread}: {', '.join(counts)}")


@pytest.fixture(autouse=True)
def pushed_whenever_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources are told keys of others, and make groups, however small the tables are."""
    monkeypatch.setattr(plans, "SECONDS", -1.0)  # what is changed here is planned anew
    monkeypatch.setattr(choose, "WORTH", 0)
    monkeypatch.setattr(prune, "FEW", -1)
    monkeypatch.setattr(choose, "SELECTIVE", 2.0)
    monkeypatch.setattr(choose, "saved_enough", lambda *_: True)
    monkeypatch.setattr(values, "PRUNED", 2.0)
    monkeypatch.setattr(push, "FEW", -1)
    monkeypatch.setattr(push, "SHARE", float("inf"))
    monkeypatch.setattr(push, "PICKED_SHARE", float("inf"))
