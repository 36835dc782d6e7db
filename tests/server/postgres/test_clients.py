"""psql, asyncpg and SQLAlchemy, as people use them."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from tests.server.postgres.conftest import Door
from tests.services.base import MissingService, missing, program
from tests.shop import ORDERS


def psql(door: Door, *commands: str) -> str:
    try:
        client = program("psql", "postgresql-client")
    except MissingService as why:
        missing(why)
    flags = [part for command in commands for part in ("-c", command)]
    done = subprocess.run([client, "-X", door.dsn, *flags], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("command", "shows"),
    [
        (r"\d", ["files   | orders | table", "metrics | orders | view", "places  | towns  | table"]),
        (r"\dt", ["files  | orders | table", "places | towns  | table"]),
        (r"\dv", ["metrics | orders | view"]),
        (
            r"\d files.orders",
            ['Table "files.orders"', "at     | timestamp without time zone", "amount | double precision"],
        ),
        (r"\d+ files.orders", ["Storage"]),
        (r"\d towns", ['Table "places.towns"', "country | text"]),
        (r"\d metrics.orders", ['View "metrics.orders"', "return_rate | double precision", "orders      | bigint"]),
        (r"\dn", ["files", "metrics", "places", "public"]),
        (r"\l", ["shop", "UTF8"]),
        (r"\du", ["lapwing"]),
        (r"\df", ["(0 rows)"]),
        (r"\di", ["Did not find any relations"]),
        (r"\dx", ["(0 rows)"]),
        (r"\dp", ["files"]),
        ("select town, measure(orders) as n from metrics.orders group by 1 order by 1", ["Köln | 120", "Wien | 120"]),
        ("explain select * from files.orders", ["QUERY PLAN", "files.orders"]),
        ("explain analyze select * from places.towns", ["read 2 rows", "2 rows, "]),
        ("explain (analyze, format json) select * from places.towns", ['"ran":{"rows":2,', '"table":"places.towns"']),
        ("explain (analyze off, format json) select * from places.towns", ['"ran":null', '"table":"places.towns"']),
        ("select nope from files.orders", ["ERROR:  There is no column nope", "LINE 1: select nope", "       ^"]),
        ("select 1 as a; select 2 as b", ["a \n", "b \n"]),
        ("", []),
    ],
)
def test_psql(door: Door, command: str, shows: list[str]) -> None:
    said = psql(door, command)
    for part in shows:
        assert part in said
    assert "ERROR" not in said or "nope" in command


# Of tables and datasets, of what there is none here, and of how things are compared, which is told nowhere else.
WALK = (
    "l d dt dv dm di ds dE dn du dg dp ddp df da do dT dD dC dc dd des deu det dew dF dFd dFp dFt dL dl dO db dA dAc dAf dAo dAp "
    "dconfig drds dRp dRs dx dX dy dP dfS dTS"
)


def test_psql_tells_of_everything(door: Door) -> None:
    """Each of its commands, short and long, in one session."""
    commands = [f"\\{command}{more}" for command in WALK.split() for more in ("", "+")]
    said = psql(door, *commands, r"\dRs", r"\sf nothing", r"\d+ metrics.orders")
    assert [line for line in said.splitlines() if "ERROR" in line] == []
    for title in ("List of subscriptions", "Large objects", "Object descriptions", "List of user mappings"):
        assert title in said


def asked(door: Door, work: Callable[[Any], Awaitable[Any]]) -> Any:
    import asyncpg

    async def run() -> Any:
        connection = await asyncpg.connect(host="127.0.0.1", port=door.port, user="anna", database="shop")
        try:
            return await work(connection)
        finally:
            await connection.close()

    # A thread of its own: the browser that other tests keep open has its event loop on the main one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()


def test_asyncpg_values_and_parameters(door: Door) -> None:
    async def work(connection: Any) -> list[Any]:
        first = datetime(2024, 1, 10)
        return [
            dict(await connection.fetchrow("select 1 a, 'x' b, 1.5 c, [1, null] d, {'a': 1} e, interval '1 day' f")),
            await connection.fetchval('select count(*) from files.orders where town = $1 and "at" < $2', "Wien", first),
            await connection.fetchval("select count(*) from files.orders where shop = any($1)", ["a", "b"]),
            await connection.fetchval("select $1::numeric + 1", Decimal("1.25")),
            await connection.fetchval("select measure(orders) from metrics.orders where town = $1", "Wien"),
            len(await connection.fetch("select * from files.orders limit $1", 7)),
        ]

    values, *rest = asked(door, work)
    assert values["a"] == 1
    assert values["d"] == [1, None]
    assert rest == [17, ORDERS * 2 // 3, Decimal("2.25"), ORDERS // 2, 7]


def test_asyncpg_reads_a_cursor_in_portions_and_goes_on_after_a_time_limit(door: Door) -> None:
    async def work(connection: Any) -> tuple[int, int]:
        async with connection.transaction():
            count = len([row async for row in connection.cursor("select i from range(1000) t(i)", prefetch=70)])
        with pytest.raises(asyncio.TimeoutError):
            await connection.fetch("select count(*) from range(1000000000000)", timeout=0.5)
        return count, await connection.fetchval("select 5")

    assert asked(door, work) == (1000, 5)


def test_sqlalchemy_reflects_tables(door: Door) -> None:
    engine = sa.create_engine(door.dsn.replace("postgresql://", "postgresql+psycopg://"))
    seen = sa.inspect(engine)
    assert {"files", "places", "metrics", "public"} <= set(seen.get_schema_names())
    assert (seen.get_table_names(schema="files"), seen.get_view_names(schema="metrics")) == (["orders"], ["orders"])
    columns = [(one["name"], str(one["type"])) for one in seen.get_columns("orders", schema="files")]
    assert columns == [("at", "TIMESTAMP"), ("shop", "TEXT"), ("town", "TEXT"), ("amount", "DOUBLE PRECISION")]
    assert seen.get_pk_constraint("orders", schema="files")["constrained_columns"] == []
    assert seen.get_foreign_keys("orders", schema="files") == []
    assert seen.get_indexes("orders", schema="files") == []
    assert seen.has_table("towns", schema="places")
    assert not seen.has_table("town", schema="places")
    assert seen.get_view_definition("orders", schema="metrics") == ""
    orders = sa.Table("orders", sa.MetaData(), schema="files", autoload_with=engine)
    with engine.connect() as connection:
        asked = sa.select(orders.c.town, sa.func.count()).where(orders.c.shop == "a").group_by(orders.c.town)
        assert sorted(map(tuple, connection.execute(asked))) == [("Köln", ORDERS // 6), ("Wien", ORDERS // 6)]
    engine.dispose()


PROBES = {
    "superset: schemas": (
        "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_%' ORDER BY nspname",
        [("files",), ("information_schema",), ("metrics",), ("places",), ("public",)],
    ),
    "superset: catalogs": ("SELECT datname FROM pg_database WHERE NOT datistemplate", [("shop",)]),
    "superset: views": (
        (
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'metrics' AND c.relkind IN ('v', 'm')"
        ),
        [("orders",)],
    ),
    "superset: version": ("SELECT split_part(version(), ' ', 1)", [("PostgreSQL",)]),
    "metabase: privileges": (
        """with table_privileges as (
             select NULL as role, t.schemaname as schema, t.objectname as table,
               pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.'
                 || '"' || replace(t.objectname, '"', '""') || '"', 'update') as update,
               pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.'
                 || '"' || replace(t.objectname, '"', '""') || '"', 'select') as select
             from (
               select schemaname, tablename as objectname from pg_catalog.pg_tables
               union select schemaname, viewname as objectname from pg_catalog.pg_views
               union select schemaname, matviewname as objectname from pg_catalog.pg_matviews
             ) t
             where t.schemaname !~ '^pg_' and t.schemaname <> 'information_schema'
               and pg_catalog.has_schema_privilege(current_user, t.schemaname, 'USAGE'))
           select t.* from table_privileges t order by 2""",
        [
            (None, "files", "orders", False, True),
            (None, "metrics", "orders", False, True),
            (None, "places", "towns", False, True),
        ],
    ),
    "metabase: enums": (
        (
            "SELECT nspname, typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace "
            "WHERE t.oid IN (SELECT DISTINCT enumtypid FROM pg_enum e)"
        ),
        [],
    ),
    "grafana: tables": (
        """SELECT CASE WHEN quote_ident(table_schema) IN (
             SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
             FROM generate_series(
               array_lower(string_to_array(current_setting('search_path'), ','), 1),
               array_upper(string_to_array(current_setting('search_path'), ','), 1)
             ) as i, string_to_array(current_setting('search_path'), ',') s
           ) THEN quote_ident(table_name) ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS "table"
           FROM information_schema.tables WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog')
           ORDER BY 1""",
        [("files.orders",), ("metrics.orders",), ("places.towns",)],
    ),
    "grafana: columns": (
        """SELECT quote_ident(column_name) AS "column", data_type AS "type" FROM information_schema.columns
           WHERE CASE WHEN array_length(parse_ident('places.towns'), 1) = 2
             THEN quote_ident(table_schema) = (parse_ident('places.towns'))[1]
               AND quote_ident(table_name) = (parse_ident('places.towns'))[2]
             ELSE quote_ident(table_name) = 'places.towns' END""",
        [("town", "text"), ("country", "text")],
    ),
    "pgadmin: settings": (
        "SELECT set_config('bytea_output', 'hex', false) FROM pg_show_all_settings() WHERE name = 'bytea_output'",
        [("hex",)],
    ),
    "pgadmin: role": (
        "SELECT rolname, rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user",
        [("anna", False)],
    ),
    "pgadmin: recovery": (
        (
            "SELECT CASE WHEN usesuper THEN pg_is_in_recovery() AND pg_is_wal_replay_paused() ELSE FALSE END "
            "FROM pg_user WHERE usename = current_user"
        ),
        [(False,)],
    ),
    "dbeaver: keywords": (
        "select count(*) > 50 from pg_catalog.pg_get_keywords() where word <> ALL ('{a,abs}'::text[])",
        [(True,)],
    ),
    "power bi: types": (
        """SELECT count(*) > 20 FROM (
             SELECT typ.oid, CASE WHEN proc.proname = 'array_recv' THEN 'a' ELSE typ.typtype END AS typtype, CASE
               WHEN typ.typtype = 'm' THEN (SELECT rngtypid FROM pg_range WHERE rngmultitypid = typ.oid)
               WHEN typ.typtype = 'd' THEN typ.typbasetype END AS elemtypoid
             FROM pg_type AS typ LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive
             LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)) AS t
           LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemtypoid WHERE t.typtype IN ('b', 'r', 'm', 'e', 'd')""",
        [(True,)],
    ),
    "datagrip: columns": (
        """with T as (select distinct T.oid as table_id, T.relname from pg_catalog.pg_class T, pg_catalog.pg_attribute A
             where T.relname = 'towns' and T.relkind in ('r', 'm', 'v', 'f', 'p') and A.attrelid = T.oid
               and pg_catalog.age(T.xmin) <= 2147483647)
           select C.attnum, C.attname, C.xmin as column_state_number, pg_catalog.format_type(C.atttypid, C.atttypmod),
             pg_catalog.pg_get_expr(D.adbin, T.table_id), not C.attislocal
           from T inner join pg_catalog.pg_attribute C on T.table_id = C.attrelid
           left outer join pg_catalog.pg_attrdef D on (C.attrelid, C.attnum) = (D.adrelid, D.adnum) order by 1""",
        [(1, "town", 1, "text", None, False), (2, "country", 1, "text", None, False)],
    ),
    "datagrip: transactions": (
        """select L.transactionid::varchar::bigint as transaction_id from pg_catalog.pg_locks L
           where L.transactionid is not null order by pg_catalog.age(L.transactionid) desc limit 1""",
        [],
    ),
    "datagrip: zones": (
        """select name, is_dst from pg_catalog.pg_timezone_names
           union distinct select abbrev as name, is_dst from pg_catalog.pg_timezone_abbrevs""",
        [],
    ),
    "jdbc: arrays": (
        """SELECT typinput = 'pg_catalog.array_in'::regproc as is_array, typname FROM pg_catalog.pg_type
           WHERE typname IN ('text', '_text') ORDER BY 2""",
        [(True, "_text"), (False, "text")],
    ),
    "anyone: integers by integers": (
        """SELECT current_setting('server_version_num')::int / 100, 7 / 2, 7 / 2.0, -7 / 2, count(*) / count(oid),
             sum(relnatts) / 10, 100 * count(*) / 8.0, round(reltuples::numeric / 7, 2) > 0
           FROM pg_class WHERE relname = 'towns' GROUP BY reltuples""",
        [(1600, 3, 3.5, -3, 1, 0, 12.5, True)],
    ),
    "anyone: ages": (
        """SELECT max(age(relfrozenxid)), age(max(now()), min(now())), age(min(current_date) - 1) > '1 hour'::interval,
             age(timestamp '2020-01-02', timestamp '2020-01-01') FROM pg_class""",
        [(0, timedelta(0), True, timedelta(days=1))],
    ),
    "anyone: the clock": (
        "SELECT current_timestamp = now(), current_date = now()::date, current_schema()",
        [(True, True, "public")],
    ),
    "tableau: a table's columns": (
        """select n.nspname, a.attname, t.typname, pg_get_expr(d.adbin, d.adrelid) from (((pg_catalog.pg_class c
           inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and c.relname = E'towns' and n.nspname = E'places')
           inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid)
           inner join pg_catalog.pg_type t on t.oid = a.atttypid)
           left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum order by attnum""",
        [("places", "town", "text", None), ("places", "country", "text", None)],
    ),
    "ibis: a table": (
        """SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a
           INNER JOIN pg_catalog.pg_class c ON a.attrelid = c.oid
           INNER JOIN pg_catalog.pg_namespace n ON c.relnamespace = n.oid
           WHERE a.attnum > 0 AND n.nspname = ANY('{places}'::text[]) AND c.relname = 'towns' ORDER BY a.attnum""",
        [("town", "text"), ("country", "text")],
    ),
    "metabase: time zone": ("show timezone", [("Europe/Berlin",)]),
    "dbeaver: start": ("SELECT current_schema(), session_user", [("public", "anna")]),
    "dbeaver: tables": (
        (
            "SELECT c.oid IS NOT NULL, c.relname, d.description FROM pg_catalog.pg_class c "
            "LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0 "
            "AND d.classoid = 'pg_class'::regclass WHERE c.relkind NOT IN ('i', 'I', 'c') ORDER BY c.relname, d.description"
        ),
        [(True, "orders", "What was sold."), (True, "orders", None), (True, "towns", None)],
    ),
}


def test_a_list_may_be_a_parameter(door: Door) -> None:
    """As ibis asks for a table: the client does not say of what the list is."""
    text = (
        "select relname from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = any(%s) order by 1"
    )
    with psycopg.connect(door.dsn) as connection:
        assert connection.execute(text, [["files", "places"]], prepare=True).fetchall() == [("orders",), ("towns",)]
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="LISTEN is not there"):
            connection.execute("listen nothing")


@pytest.mark.parametrize("name", PROBES)
def test_what_tools_ask_of_the_catalogs(door: Door, name: str) -> None:
    """After the tools' own code."""
    text, expected = PROBES[name]
    with psycopg.connect(door.dsn) as connection:
        assert connection.execute(text.encode()).fetchall() == expected
