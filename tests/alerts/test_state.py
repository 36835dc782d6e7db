"""The state database: ids that stay, clear errors for a damaged or newer file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from lapwing.alerts import state
from lapwing.alerts.state import Follow, StateDatabase, StateError
from lapwing.alerts.why.change import Cause
from lapwing.model.problem import Conflict, NotFound


def test_follows_survive_reopening(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path / "deep" / "state.db")
    follow = Follow("f", "flights.cancelled", "hour", (("origin", "EWR"), ("hour", 7)))
    database.add_follow(follow, now=1)
    with pytest.raises(Conflict, match="followed already"):
        database.add_follow(follow, now=2)
    database.close()
    again = StateDatabase(tmp_path / "deep" / "state.db")
    assert again.follows() == (follow,)
    again.remove_follow("f")
    assert again.follows() == ()
    with pytest.raises(NotFound):
        again.remove_follow("f")


def test_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"no database at all, but long enough to be looked at" * 100)
    with pytest.raises(StateError, match="damaged") as caught:
        StateDatabase(tmp_path / "state.db")
    assert caught.value.problems[0].code == "state-damaged"
    assert caught.value.problems[0].hint


def test_newer_file(tmp_path: Path) -> None:
    StateDatabase(tmp_path / "state.db").close()
    with sqlite3.connect(tmp_path / "state.db") as raw:
        raw.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(StateError, match="newer") as caught:
        StateDatabase(tmp_path / "state.db")
    assert caught.value.problems[0].code == "state-newer"


def test_unreachable_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StateError):
        StateDatabase(tmp_path / "file" / "state.db")


def test_migrations_make_the_tables_of_the_models(tmp_path: Path) -> None:
    import sqlalchemy as sa
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from lapwing.alerts.tables import HEAD, Base

    StateDatabase(tmp_path / "state.db").close()
    with sa.create_engine(f"sqlite:///{tmp_path / 'state.db'}").connect() as connection:
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == HEAD
        assert compare_metadata(context, Base.metadata) == []


def at_first_version(path: Path) -> None:
    """A database as the first Lapwing made it, with a follow and a replay in it."""
    import sqlalchemy as sa
    from alembic import command
    from alembic.config import Config

    import lapwing.alerts

    config = Config()
    config.set_main_option("script_location", str(Path(lapwing.alerts.__file__).parent / "migrations"))
    with sa.create_engine(f"sqlite:///{path}").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql("insert into follow values ('f', 'orders.failed', 'day', '[]', 1)")
        connection.exec_driver_sql("insert into run values ('m', 'a', 1, 1, 1, 1, x'00')")
        connection.exec_driver_sql("insert into incident values (7, 'm', 'a', '[]', 1, 10, null)")
        connection.exec_driver_sql("insert into step values (2, 7, 20, 19, 'resolved'), (1, 7, 11, 10, 'opened')")
        cause = '{"says": "It.", "slice": null, "share": null, "clear": false}'
        connection.exec_driver_sql("insert into cause values (7, 20, ?)", (cause,))


def test_an_older_file_is_brought_up_to_date(tmp_path: Path) -> None:
    """Follows and incidents with their ids, what was told of them and their causes are kept; replays, whose data nobody
    knows, are made again."""
    at_first_version(tmp_path / "state.db")
    state = StateDatabase(tmp_path / "state.db")
    assert [follow.name for follow in state.follows()] == ["f"]
    assert state.journal.run("m") is None
    (record,) = state.journal.records("m")
    assert (record.id, record.key) == (7, ("[]", 1, 10))
    assert [(line.number, line.kind, line.at, line.bucket) for line in record.lines] == [
        (1, "opened", 11, 10),
        (2, "resolved", 20, 19),
    ]
    assert state.journal.cause(7, 20) is None, "found in another way, so looked for again"
    state.journal.keep_cause(8, 20, (1.0, 2.0), Cause("Of nothing.", None, None, False))
    assert state.journal.cause(8, 20) is None


def test_migrations_go_both_ways(tmp_path: Path) -> None:
    import sqlalchemy as sa
    from alembic import command
    from alembic.config import Config

    import lapwing.alerts

    StateDatabase(tmp_path / "state.db").close()
    config = Config()
    config.set_main_option("script_location", str(Path(lapwing.alerts.__file__).parent / "migrations"))
    with sa.create_engine(f"sqlite:///{tmp_path / 'state.db'}").begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]
    StateDatabase(tmp_path / "state.db").add_follow(Follow("f", "d.x", "day", ()), now=1)


def test_locked_by_another_process(tmp_path: Path) -> None:
    """Writing says so after the wait; reading goes on."""
    database = StateDatabase(tmp_path / "state.db", wait=0.05)
    database.add_follow(Follow("f", "d.x", "day", ()), now=1)
    with sqlite3.connect(tmp_path / "state.db", isolation_level=None) as other:
        other.execute("begin immediate")
        with pytest.raises(StateError, match=r"Another process .* 0\.05 seconds") as caught:
            database.add_follow(Follow("g", "d.x", "day", ()), now=1)
        assert caught.value.problems[0].code == "state-locked"
        assert [follow.name for follow in database.follows()] == ["f"]
        other.execute("rollback")
    database.add_follow(Follow("g", "d.x", "day", ()), now=2)
    assert [follow.name for follow in database.follows()] == ["f", "g"]


def test_a_new_file_that_another_process_is_making(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite does not wait where a file's journal is changed; we do."""
    path = tmp_path / "state.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(StateError, match=r"Another process .* 0\.05 seconds"):
        StateDatabase(path, wait=0.05)
    monkeypatch.setattr(state, "sleep", lambda _: other.execute("rollback"))
    assert StateDatabase(path, wait=20).follows() == ()
    other.close()
