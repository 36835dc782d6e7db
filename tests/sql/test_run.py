"""Running: zones, handed-in tables, streams, cancel, time limits, progress."""

from __future__ import annotations

import signal
import threading
import time
from functools import partial

import pyarrow as pa
import pytest

from lapwing.model.problem import Cancelled, TimeLimit
from lapwing.sources.engine import Cursor
from lapwing.sql.reduce import kept
from lapwing.sql.service import SqlService

SLOW = "select sum(hash(a.n, b.n)::double) as s from {s}.big a, {s}.big b"


def test_zone_is_the_sessions(local: SqlService) -> None:
    text = "select strftime(timestamptz '2013-07-01 00:00:00+00', '%H') as h"
    assert local.table(text, zone="America/New_York")["h"].to_pylist() == ["20"]
    assert local.table(text)["h"].to_pylist() == ["00"]


def test_given_tables_join_sources(local: SqlService) -> None:
    given = {"m0": pa.table({"k": pa.array([1, 2], pa.int64()), "x": ["one", "two"]})}
    text = "select m0.x, t.v from given.m0 join lite.things t on t.id = m0.k order by 1"
    assert local.table(text, given=given).to_pylist() == [{"x": "one", "v": "a"}, {"x": "two", "v": "A"}]


def test_schema_is_known_before_the_first_row(local: SqlService) -> None:
    with local.run("select id, v from lite.things where id < 3 order by id") as running:
        assert running.schema.names == ["id", "v"]
        assert sum(batch.num_rows for batch in running) == 2
        progress = running.progress()
    assert (progress.stage, progress.rows, progress.fraction) == ("done", 2, 1.0)
    assert [scan.rows for scan in progress.scans] == [2]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("select count(*) as n from range(1000000000000)", ["n"]),
        ("select id, 1 as id from lite.things, range(1000000000000) order by all", ["id", "id"]),
    ],
)
def test_planning_runs_nothing(local: SqlService, text: str, names: list[str]) -> None:
    assert local.plan(text).schema.names == names


def test_first_rows_leave_before_the_last_arrive(local: SqlService) -> None:
    with local.run("select n from lite.big where abs(g) >= 0") as running:
        first = next(iter(running))
        assert 0 < first.num_rows < 200_000
    assert running.progress().stage == "cancelled"


@pytest.mark.parametrize("source", ["own", "lite"])
def test_cancel_from_another_thread(local: SqlService, source: str) -> None:
    running = local.run(SLOW.format(s=source), query_id=f"cancel-{source}")
    threading.Timer(0.3, local.cancel, [running.id]).start()
    with pytest.raises(Cancelled):
        list(running)
    assert running.progress().stage == "cancelled"
    running.cancel()
    running.close()


@pytest.mark.parametrize("source", ["own", "lite", "pg"])
def test_time_limit(everywhere: SqlService, source: str) -> None:
    with pytest.raises(TimeLimit):
        everywhere.table(SLOW.format(s=source), time_limit=0.5)


@pytest.mark.parametrize("ctrl_c", [False, True])
def test_cancel_reaches_postgres(everywhere: SqlService, postgres_dsn: str, ctrl_c: bool) -> None:
    import psycopg

    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("create or replace view traps.sleepy as select n, pg_sleep(20)::text as s from traps.big")
        everywhere._sources["pg"].inner._known = None  # type: ignore[attr-defined]  # the catalog is remembered for a while
        running = everywhere.run("select count(s) as c from pg.sleepy")
        main = threading.main_thread().ident
        assert main is not None
        stop = partial(signal.pthread_kill, main, signal.SIGINT) if ctrl_c else running.cancel
        threading.Timer(0.5, stop).start()
        with pytest.raises(KeyboardInterrupt if ctrl_c else Cancelled):
            list(running)
        asleep = """select count(*) from pg_stat_activity
                    where state = 'active' and query like '%sleepy%' and pid <> pg_backend_pid()"""
        found = connection.execute(asleep).fetchone()
        assert found is not None
        assert found[0] == 0


def test_a_statement_nobody_reads_ends_by_its_limit(local: SqlService) -> None:
    running = local.run("select * from lite.big", time_limit=0.2)
    time.sleep(0.6)
    assert running.progress().stage == "failed"


def test_statements_run_side_by_side(local: SqlService) -> None:
    found: list[object] = []

    def ask(number: int) -> None:
        text = f"select count(*) as c from lite.big a join own.big b using (n) where a.g = {number}"
        found.append(local.table(text)["c"][0].as_py())

    threads = [threading.Thread(target=ask, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, found)) == ["28571", "28572", "28572", "28572"]


def test_explain_tells_what_is_sent_and_what_stays(local: SqlService) -> None:
    text = local.explain("select v from lite.things where i > 3 and abs(i) = 5")
    assert 'FROM "things" WHERE ("i" > 3)' in text
    assert "filter at the source: i > 3" in text
    assert "filter in the engine: ABS(i) = 5, because abs is not translated for sqlite" in text
    assert "-- lite.things as things, streamed" in text
    assert "2 of 9 columns" in text
    native = local.explain("select v from own.things where i > 3")
    assert "the engine reads this source itself and filters while reading" in native
    done = local.explain("select v from lite.things where i > 3", analyze=True)
    assert "read 7 rows" in done
    assert "7 rows" in done.splitlines()[-1]


def test_many_rows_scanned_twice_are_kept_by_the_engine(local: SqlService, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "select x.g, count(*) as c, max(y.n) as n from lite.big x join lite.big y on x.n = y.n + 1 group by 1 order by 1"
    assert [scan.many for scan in local.ready(text).scans if scan.shares is None] == [True]
    expected = local.table(text)
    stored: list[str] = []
    store = Cursor.store

    def seen(cursor: Cursor, name: str, rows: pa.RecordBatchReader) -> None:
        stored.append(name)
        store(cursor, name, rows)

    monkeypatch.setattr(kept, "MOST", 1_000_000)
    monkeypatch.setattr(Cursor, "store", seen)
    assert local.table(text).equals(expected)
    assert len(stored) == 1


def test_a_table_scanned_twice_is_kept(local: SqlService) -> None:
    plan = local.plan(
        "with q as (select * from lite.things where i > 1) select count(*) from q x, q y where x.id = y.id"
    )
    assert len(plan.scans) == 1
    recursive = """with recursive r as (select 1::bigint as id union all select t.id from lite.things t, r
                                        where t.id = r.id + 1) from r"""
    assert local.plan(recursive).scans[0].many
    assert local.table(recursive).num_rows == 12
