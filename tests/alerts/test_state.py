"""The state database: ids that stay, clear errors for a damaged or newer file."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from lapwing.alerts.cause import Cause
from lapwing.alerts.state import Follow, Run, StateDatabase, StateError, Told
from lapwing.model.problem import Conflict, NotFound


def run(definition: str = "a", data: str = "1") -> Run:
    return Run(monitor="m", definition=definition, data=data, finished=2, series=1, judged=10, arrays=b"x")


def told(opened: int, resolved: int | None = None) -> Told:
    steps = (("opened", opened + 1, opened), *((("resolved", resolved, resolved - 1),) if resolved else ()))
    return Told("[]", 1, opened, resolved, steps)


def test_ids_stay_when_data_is_added(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path / "state.db")
    database.save(run(), [told(10), told(20)])
    before = database.ids("m")
    database.save(run(data="5"), [told(10, 15), told(20), told(30)])
    after = database.ids("m")
    assert {key: after[key] for key in before} == before
    assert len(after) == 3
    kept = database.run("m")
    assert kept is not None
    assert kept.data == "5"


def test_another_definition_begins_anew(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path / "state.db")
    database.save(run(), [told(10), told(20)])
    database.save(run("b"), [told(20)])
    assert list(database.ids("m")) == [("[]", 1, 20)]


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


def test_unfollowing_forgets_incidents_and_steps(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path / "state.db")
    database.add_follow(Follow("m", "d.x", "day", ()), now=1)
    database.save(run(), [told(10, 15)])
    database.remove_follow("m")
    assert database.run("m") is None
    with sqlite3.connect(tmp_path / "state.db") as raw:
        assert raw.execute("select (select count(*) from incident), (select count(*) from step)").fetchone() == (0, 0)


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


def test_an_older_file_is_brought_up_to_date(tmp_path: Path) -> None:
    """Follows and incidents with their ids are kept; replays, whose data nobody knows, are made again."""
    at_first_version(tmp_path / "state.db")
    state = StateDatabase(tmp_path / "state.db")
    assert [follow.name for follow in state.follows()] == ["f"]
    assert state.ids("m") == {("[]", 1, 10): 7}
    assert state.run("m") is None
    state.save(run(), [told(10)])
    assert state.ids("m") == {("[]", 1, 10): 7}


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
    state = StateDatabase(tmp_path / "state.db", wait=0.05)
    state.add_follow(Follow("f", "d.x", "day", ()), now=1)
    with sqlite3.connect(tmp_path / "state.db", isolation_level=None) as other:
        other.execute("begin immediate")
        with pytest.raises(StateError, match=r"Another process .* 0\.05 seconds") as caught:
            state.add_follow(Follow("g", "d.x", "day", ()), now=1)
        assert caught.value.problems[0].code == "state-locked"
        assert [follow.name for follow in state.follows()] == ["f"]
        other.execute("rollback")
    state.add_follow(Follow("g", "d.x", "day", ()), now=2)
    assert [follow.name for follow in state.follows()] == ["f", "g"]


def test_many_threads_save_the_same(tmp_path: Path) -> None:
    """What one reads still holds when it writes: no incident is kept twice, none is lost."""
    from concurrent.futures import ThreadPoolExecutor

    databases = [StateDatabase(tmp_path / "state.db") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(one.save, run(), [told(n) for n in range(10, 20)]) for one in databases * 3]:
            done.result()
    assert len({state_id for one in databases for state_id in one.ids("m").values()}) == 10


def test_a_cause_is_kept_with_its_incident(tmp_path: Path) -> None:
    state = StateDatabase(tmp_path / "state.db")
    state.save(run(), [told(10)])
    (number,) = state.ids("m").values()
    cause = Cause("Mostly it.", (("region", "north"), ("gift", True)), 0.9, True)
    state.keep_cause(number, 20, cause)
    assert state.cause(number, 20) == cause
    assert state.cause(number, 30) is None
    state.keep_cause(999, 20, cause)  # of an incident that is no more: nothing to keep
    assert state.cause(999, 20) is None
    state.save(run(), [])
    assert state.cause(number, 20) is None


def test_what_is_neither_written_nor_followed_is_forgotten(tmp_path: Path) -> None:
    state = StateDatabase(tmp_path / "state.db")
    state.add_follow(Follow("followed", "d.x", "day", ()), now=1)
    for name in ("followed", "written", "gone"):
        state.save(replace(run(), monitor=name), [told(10)])
    state.forget_others(["written"])
    assert [state.run(name) is not None for name in ("followed", "written", "gone")] == [True, True, False]
    assert state.ids("gone") == {}
