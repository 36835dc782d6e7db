"""Sources that hang, die, change, are full or away: real servers behind a proxy that cuts, hangs and refuses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.services.tcp_proxy import TcpProxy, proxied
from tests.sources.worlds import database, mariadb_connection, mariadb_database
from tests.sql.conftest import project

from lapwing.model.problem import NotFound, SourceError, TimeLimit, Unavailable
from lapwing.model.project import SourceConfig
from lapwing.sources.circuit import COOL, Circuit
from lapwing.sources.engine import Engine
from lapwing.sources.guarded import Guarded
from lapwing.sources.open import Sources
from lapwing.sources.passing import Backoff
from lapwing.sources.patience import patient
from lapwing.sql.run import Progress
from lapwing.sql.service import SqlService

SEEN = "select count(*) as c, sum(n) as s from far.small"
WIDE = {
    "postgres": "create view wide as select n, repeat('x', 1000) as t from generate_series(1, 200000) n",
    "mariadb": "create view wide as select seq as n, repeat('x', 1000) as t from seq_1_to_200000",
}
SLEEPY = {
    "postgres": "create view sleepy as select n, pg_sleep(60)::text as s from small",
    "mariadb": "create view sleepy as select n, sleep(60) as s from small",
}
STALLING = {
    "postgres": "create view stalling as select n, repeat('x', 1000) as t, case when n = 5000 then pg_sleep(60) end::text as s "
    "from generate_series(1, 6000) n",
    "mariadb": "create view stalling as select seq as n, repeat('x', 1000) as t, if(seq = 5000, sleep(60), 0) as s "
    "from seq_1_to_6000",
}
LOCK = {
    "postgres": ("begin", "lock table locked in access exclusive mode"),
    "mariadb": ("lock tables locked write",),
}
ASLEEP = {
    "postgres": "select count(*) from pg_stat_activity where state = 'active' and query ~ '(sleepy|stalling)' "
    "and pid <> pg_backend_pid()",
    "mariadb": "select count(*) from information_schema.processlist where info regexp '(sleepy|stalling)' "
    "and id <> connection_id()",
}


@dataclass(frozen=True)
class Far:
    """A server behind a proxy, as the source `far`; `own` is a file that needs it not. `tell` runs a statement at the
    server."""

    kind: str
    proxy: TcpProxy
    dsn: str
    sql: SqlService
    source: Guarded
    tell: Callable[[str], Any]

    def met(
        self, error: type[SourceError | TimeLimit | NotFound], text: str = SEEN, **wishes: Any
    ) -> tuple[str, str, Progress]:
        """The code, the text and the progress of a statement that fails."""
        with self.sql.run(text, **wishes) as running, pytest.raises(error) as caught:
            list(running)
        return caught.value.problems[0].code, str(caught.value), running.progress()

    def when_tried_again(self, do: Callable[[], object]) -> None:
        """`do` is done before the first pause, and pauses take no time."""
        waiting = [do]

        def drawn() -> float:
            for one in waiting:
                one()
            waiting.clear()
            return 0.0

        self.source._backoff = Backoff(random=drawn)


@pytest.fixture(scope="module")
def own_database(request: pytest.FixtureRequest) -> Callable[[str], str]:
    made: dict[str, str] = {}

    def of(kind: str) -> str:
        if kind not in made:
            server: str = request.getfixturevalue(f"{kind}_dsn")
            made[kind] = database(server) if kind == "postgres" else mariadb_database(server)
            with telling(kind, made[kind]) as tell:
                tell("create table small (n int, v int)")
                tell("insert into small values (1, 10), (2, 20), (3, 30)")
                tell(WIDE[kind])
                tell(SLEEPY[kind])
                tell(STALLING[kind])
        return made[kind]

    return of


@contextmanager
def telling(kind: str, dsn: str) -> Iterator[Callable[[str], Any]]:
    """Runs statements; gives the first value of those that have one."""
    connection: Any = psycopg.connect(dsn, autocommit=True) if kind == "postgres" else mariadb_connection(dsn)

    def tell(text: str) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(text)
            return cursor.fetchone()[0] if cursor.description else None

    with connection:
        yield tell


@pytest.fixture(params=["postgres", "mariadb"])
def far(request: pytest.FixtureRequest, own_database: Callable[[str], str], data: Path) -> Iterator[Far]:
    kind: str = request.param
    with ExitStack() as stack:
        dsn = own_database(kind)
        tell = stack.enter_context(telling(kind, dsn))
        proxy, through = stack.enter_context(proxied(dsn))
        yield stack.enter_context(opened(kind, through, proxy, tell, data))


@contextmanager
def opened(kind: str, dsn: str, proxy: TcpProxy, tell: Callable[[str], Any], data: Path) -> Iterator[Far]:
    configs = {
        "far": SourceConfig(name="far", type=kind, dsn=dsn),
        "own": SourceConfig(name="own", type="duckdb", path=data / "own.duckdb"),
    }
    engine = Engine(allowed=[data])
    sources = Sources(configs, engine)
    sql = SqlService(project(data, configs), sources, engine)
    source = sources["far"]
    assert isinstance(source, Guarded)
    source._backoff = Backoff(random=lambda: 0.0)
    yield Far(kind, proxy, dsn, sql, source, tell)
    sql.close()
    sources.close()
    engine.close()


def test_a_server_that_comes_back_is_read(far: Far) -> None:
    assert far.sql.table(SEEN).to_pylist() == [{"c": 3, "s": 6}]
    far.proxy.refuse()  # what rested in the pool is dead, too
    far.when_tried_again(far.proxy.serve)
    with far.sql.run("select n from far.small") as running:
        assert sum(batch.num_rows for batch in running) == 3
    (scan,) = running.progress().scans
    assert scan.retries >= 1
    assert scan.trouble is not None
    far.proxy.refuse()
    far.when_tried_again(far.proxy.serve)
    assert "begun again 1 times: far does not answer" in far.sql.explain("select n from far.small", analyze=True)


def test_one_that_stays_away_is_told(far: Far) -> None:
    far.sql.table(SEEN)
    far.proxy.refuse()
    code, says, progress = far.met(SourceError)
    assert code == "source-unreachable"
    assert "It was tried 5 times in" in says
    assert progress.stage == "failed"
    assert progress.scans[0].retries == 4


def test_a_question_is_tried_again_too(far: Far) -> None:
    far.proxy.refuse()
    far.when_tried_again(far.proxy.serve)
    assert far.sql.table(SEEN).num_rows == 1


def test_a_read_that_is_cut_is_never_told_as_whole(far: Far) -> None:
    far.sql.catalog.tables()
    far.proxy.cut_after = 60_000_000
    code, says, progress = far.met(SourceError, "select t from far.wide where length(t) > n % 2")
    assert code == "source-unreachable"
    assert "tried" not in says
    assert 0 < progress.scans[0].rows < 200_000
    assert progress.scans[0].retries == 0


@pytest.mark.long
def test_no_more_is_read_from_one_that_hangs_than_time_allows(far: Far) -> None:
    far.sql.ready(SEEN)  # planning has its own part of the time
    far.proxy.hanging = True
    code, says, _ = far.met(TimeLimit, time_limit=0.5)
    assert code == "time-limit"
    assert "0.5" in says


def test_the_time_limit_reaches_the_source(far: Far) -> None:
    text = "select count(s) as c from far.sleepy"
    far.sql.ready(text)  # planning has its own part of the time, and a machine that is busy may need it all
    far.met(TimeLimit, text, time_limit=0.5)
    until = time.monotonic() + 20
    while far.tell(ASLEEP[far.kind]):
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.long
def test_a_lock_on_one_table_holds_nobody_else_up(far: Far) -> None:
    far.sql.table(SEEN)
    far.tell("create table locked (n int, v int)")
    with telling(far.kind, far.dsn) as migration:
        for one in LOCK[far.kind]:
            migration(one)
        far.source.forget()
        assert far.sql.table(SEEN).num_rows == 1
        began = time.monotonic()
        assert far.met(TimeLimit, "select count(*) as c from far.locked where n > 1", time_limit=2.0)[0] == "time-limit"
        assert time.monotonic() - began < 15
    far.tell("drop table locked")


def test_what_came_is_told_though_the_source_stalls(far: Far) -> None:
    with far.sql.run("select n, t, s from far.stalling", time_limit=30) as running:
        rows = iter(running)
        assert 0 < next(rows).num_rows < 5_000
        assert far.tell(ASLEEP[far.kind]) == 1
    until = time.monotonic() + 20  # a second, on a machine that has nothing else to do
    while far.tell(ASLEEP[far.kind]):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_what_vanished_between_planning_and_reading_is_told_after_another_look(far: Far) -> None:
    far.tell("create table short_lived (n int, v int)")
    assert far.sql.table("select n, v from far.short_lived").num_rows == 0
    far.tell("alter table short_lived add column later int")
    assert far.sql.table("select n, v from far.short_lived").num_rows == 0
    far.tell("alter table short_lived drop column v")
    code, says, progress = far.met(NotFound, "select n, v from far.short_lived")
    assert code == "unknown-column"
    assert "no column v. Did you mean later?" in says
    assert progress.scans[0].retries == 0
    assert far.sql.table("select n from far.short_lived").num_rows == 0
    far.tell("drop table short_lived")
    accepted = far.proxy.accepted
    assert far.met(NotFound, "select n from far.short_lived")[0] == "unknown-table"
    assert far.proxy.accepted <= accepted + 2


def test_a_column_of_another_type_is_told_or_read_as_before(far: Far) -> None:
    far.tell("create table turning (n int, v int)")
    far.tell("insert into turning values (1, 10)")
    text = "select v from far.turning"
    assert far.sql.table(text).to_pylist() == [{"v": 10}]
    retyped = {
        "postgres": "alter table turning alter column v type text",
        "mariadb": "alter table turning modify v text",
    }
    far.tell(retyped[far.kind])
    assert far.sql.table(text).to_pylist() == [{"v": 10}]
    far.tell("update turning set v = 'ten'")
    assert far.met(SourceError, text)[0] == "source-changed"
    assert far.sql.table(text).to_pylist() == [{"v": "ten"}]
    far.tell("drop table turning")


def test_a_source_out_of_connections(far: Far, data: Path) -> None:
    user = f"few_{far.kind}"
    address = far.dsn.partition("@")[2]
    if far.kind == "postgres":
        far.tell(f"drop role if exists {user}")
        far.tell(f"create role {user} login password 'p' connection limit 1")
        far.tell(f"grant select on small to {user}")
        close = f"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{user}'"
    else:
        far.tell(f"create or replace user {user}@'%' identified by 'p' with max_user_connections 1")
        far.tell(f"grant select on *.* to {user}@'%'")
        close = f"kill user {user}"
    scheme = far.dsn.partition("://")[0]
    few = f"{scheme}://{user}:p@{address}"
    with ExitStack() as stack:
        narrow = stack.enter_context(opened(far.kind, few, far.proxy, far.tell, data))
        narrow.sql.catalog.tables()
        narrow.source.close()
        with psycopg.connect(few) if far.kind == "postgres" else mariadb_connection(few):
            code, says, _ = narrow.met(SourceError)
            assert code == "source-full"
            assert "It was tried 5 times" in says
            narrow.when_tried_again(lambda: far.tell(close))
            narrow.source._backoff = Backoff(first=0.2, random=narrow.source._backoff.random)
            with narrow.sql.run(SEEN) as running:
                assert sum(batch.num_rows for batch in running) == 1
            assert running.progress().scans[0].retries >= 1


def test_the_circuit_of_one_that_is_down(far: Far) -> None:
    now = [0.0]
    far.source.circuit = Circuit("far", clock=lambda: now[0])
    far.sql.table(SEEN)
    far.proxy.refuse()
    far.met(SourceError)
    now[0] += 10
    assert far.met(SourceError)[0] == "source-unreachable"
    with pytest.raises(Unavailable) as caught:
        far.sql.table(SEEN)
    assert caught.value.problems[0].code == "circuit-open"
    assert "far does not answer" in str(caught.value)
    with pytest.raises(Unavailable):
        far.sql.table("select count(*) as c from far.small f join own.big o on o.n = f.n")
    assert far.sql.table("select count(*) as c from own.big")["c"].to_pylist() == [200_000]
    far.proxy.serve()
    with pytest.raises(Unavailable):
        far.sql.table(SEEN)
    now[0] += COOL
    assert far.sql.table(SEEN).num_rows == 1
    assert far.source.circuit.state().state == "closed"


def test_one_that_hangs_while_its_tables_are_asked_for(far: Far) -> None:
    far.source.forget()
    far.proxy.refuse()  # what rests in its pool would tell of the proxy's end
    far.proxy.hanging = True
    far.proxy.serve()
    began = time.monotonic()
    with patient(1.0), pytest.raises(TimeLimit, match="far did not answer within"):
        far.sql.plan(SEEN, time_limit=1.0)
    assert time.monotonic() - began < 6
    assert far.source.circuit.closed


def test_a_clickhouse_that_hangs_keeps_nobody(data: Path, clickhouse_dsn: str) -> None:
    """Its client asks, under a lock, before there is a connection."""
    with proxied(clickhouse_dsn) as (proxy, dsn):
        proxy.hanging = True
        sources = Sources({"ch": SourceConfig(name="ch", type="clickhouse", dsn=dsn)}, Engine(allowed=[data]))
        began = time.monotonic()
        with patient(0.5), pytest.raises(TimeLimit, match="ch did not answer within"):
            sources["ch"].tables()
        sources.close()
        assert time.monotonic() - began < 8
