"""The state database: ids that stay, clear errors for a damaged or newer file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

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
