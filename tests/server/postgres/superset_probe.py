"""Superset's own code at work on the shop: run by the Python that has Superset, it writes what came of each step as JSON.

python superset_probe.py ADDRESS FOLDER
"""

# mypy: disable-error-code="import-not-found, no-any-return"

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

STEPS: dict[str, Callable[[], Any]] = {}
FIRST, LAST = datetime(2024, 1, 5), datetime(2024, 2, 5)
TYPES = """
    select 1 as i, 2::bigint as b, 1.5::double precision as d, 1.50::numeric(10, 2) as n, 'x' as t, true as y,
        date '2024-01-02' as day, timestamp '2024-01-02 03:04:05' as ts, timestamptz '2024-01-02 03:04:05+00' as tz,
        null as nothing, 1 as i
"""
ABOUT = {"col": "shop", "op": "IN", "val": ["a", "b"]}
ENDLESS = "select count(*) from range(1000000000) a(x), range(1000000) b(y) where x * y % 7 = 3"


def step(work: Callable[[], Any]) -> Callable[[], Any]:
    STEPS[work.__name__] = work
    return work


def main(address: str, folder: str) -> None:
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        from flask_appbuilder import Model
        from superset.extensions import db
        from superset.models.core import Database

        Model.metadata.create_all(db.engine)
        base = Database(database_name="shop", sqlalchemy_uri=address)
        db.session.add(base)
        db.session.commit()
        steps(base)
        told = {name: attempt(work) for name, work in STEPS.items()}
    (Path(folder) / "told.json").write_text(json.dumps(told, default=str))


def attempt(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - the test shows it
        return f"{type(error).__name__}: {error}"


def steps(base: Any) -> None:  # noqa: C901 - one step after the other
    import sqlalchemy as sa
    from superset.commands.database.utils import ping
    from superset.databases.utils import get_table_metadata
    from superset.result_set import SupersetResultSet
    from superset.sql.parse import Table

    spec = base.db_engine_spec
    orders, towns, metrics = Table("orders", "files"), Table("towns", "places"), Table("orders", "metrics")

    def rows(sql: str, schema: str | None = None) -> list[Any]:
        return base.get_df(sql, schema=schema).astype(str).values.tolist()

    @step
    def connection() -> Any:
        with base.get_sqla_engine() as engine:
            return spec.__name__, ping(engine), rows("SELECT version()")[0][0].split()[0]

    @step
    def names() -> Any:
        found = {}
        for schema in sorted(base.get_all_schema_names()):
            tables = base.get_all_table_names_in_schema(catalog=None, schema=schema)
            views = base.get_all_view_names_in_schema(catalog=None, schema=schema)
            materialized = base.get_all_materialized_view_names_in_schema(catalog=None, schema=schema)
            found[schema] = [sorted(one[0] for one in kind) for kind in (tables, views, materialized)]
        return sorted(base.get_all_catalog_names()), found

    @step
    def columns() -> Any:
        told = get_table_metadata(base, metrics)
        shown = [(one["name"], one["type"]) for one in told["columns"]]
        return shown, told["comment"], told["foreignKeys"], told["indexes"]

    @step
    def keys() -> Any:
        return [
            (base.has_table(one), base.has_view(one), base.get_indexes(one), base.get_foreign_keys(one))
            for one in (orders, towns, metrics)
        ]

    @step
    def select_star() -> Any:
        shown = base.select_star(orders, show_cols=True, cols=base.get_columns(orders))
        return [len(base.get_df(sql)) for sql in (shown, base.select_star(orders), base.select_star(towns))]

    @step
    def without_a_schema() -> Any:
        return rows("select count(*) from orders", "files"), rows(
            "select town, orders from orders order by 1", "metrics"
        )

    @step
    def grains() -> Any:
        found = {}
        for grain in spec.get_time_grain_expressions():
            moment = spec.get_timestamp_expr(sa.column("at"), None, grain)
            table = sa.table("orders", schema="files")
            query = sa.select(moment.label("__timestamp"), sa.func.count()).select_from(table).group_by(moment)
            found[str(grain)] = len(rows(base.compile_sqla_query(query)))
        return found

    @step
    def moments() -> Any:
        since = datetime(2024, 1, 2, 3, 4, 5, 678)
        written = [spec.convert_dttm(kind, since) for kind in ("DATE", "TIMESTAMP WITHOUT TIME ZONE")]
        written += [spec.epoch_to_dttm().format(col="1704164645"), spec.epoch_ms_to_dttm().format(col="1704164645000")]
        return [int(rows(f"select count(*) from files.orders where at >= {one}")[0][0]) for one in written]

    @step
    def types() -> Any:
        with base.get_raw_connection(schema="files") as connection:
            cursor = connection.cursor()
            spec.execute(cursor, TYPES, base)
            found = SupersetResultSet(spec.fetch_data(cursor), cursor.description, spec)
            return {one["column_name"]: (one["type"], one["is_dttm"]) for one in found.columns}

    @step
    def cost() -> Any:
        with base.get_raw_connection() as connection:
            return spec.estimate_statement_cost(base, "select * from files.orders", connection.cursor())

    @step
    def cancel() -> Any:
        with base.get_raw_connection() as connection, base.get_raw_connection() as other:
            cursor, watching = connection.cursor(), other.cursor()
            number = spec.get_cancel_query_id(cursor, None)
            ended: list[str] = []
            thread = threading.Thread(target=lambda: ended.append(attempt(lambda: cursor.execute(ENDLESS))))
            thread.start()
            for _ in range(300):
                watching.execute(
                    "select count(*) from pg_stat_activity where state = 'active' and query like '%range(%'"
                )
                if watching.fetchone()[0]:
                    break
                time.sleep(0.1)
            cancelled = spec.cancel_query(watching, None, number)
            thread.join(30)
            return cancelled, ended

    @step
    def errors() -> Any:
        return [
            attempt(lambda: rows("select nope from files.orders")),
            attempt(lambda: rows("select 1 from files.nope")),
        ]

    charts(base)


def charts(base: Any) -> None:
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db
    from superset.sql.parse import Table

    def dataset(schema: str, name: str, sql: str | None = None) -> Any:
        table = SqlaTable(table_name=name, schema=schema, database=base, sql=sql)
        db.session.add(table)
        db.session.flush()
        table.fetch_metadata()
        db.session.commit()
        return table

    def asked(table: Any, metric: Any, **more: Any) -> Any:
        return table.query({
            "granularity": "at", "from_dttm": FIRST, "to_dttm": LAST, "is_timeseries": True, "groupby": ["town"],
            "columns": ["town"], "metrics": [metric], "filter": [], "extras": {"time_grain_sqla": "P1W"}, "orderby": [],
            "row_limit": 1000, "series_limit": 0, "inner_from_dttm": None, "inner_to_dttm": None, "is_rowcount": False,
            "order_desc": True, **more,
        })  # fmt: skip

    def chart(table: Any, metric: Any, **more: Any) -> Any:
        found = asked(table, metric, **more)
        return found.error_message or len(found.df)

    def shown(table: Any, metric: Any, **more: Any) -> Any:
        found = asked(table, metric, **more)
        return found.error_message or found.df.astype(str).values.tolist()

    def every(schema: str, metric: Any, **more: Any) -> Any:
        table = dataset(schema, "orders")
        some = [
            {"col": "town", "op": "IN", "val": ["Köln"]}, {"col": "shop", "op": "ILIKE", "val": "A%"},
            {"col": "town", "op": "IS NOT NULL", "val": None},
        ]  # fmt: skip
        return {
            "over time": chart(table, metric),
            "filtered": chart(table, metric, filter=some),
            "a table": chart(table, metric, is_timeseries=False, extras={"where": "town <> ''"}, **more),
            "rows": chart(
                table, metric, is_timeseries=False, metrics=None, groupby=[], columns=["town", "shop"], extras={}
            ),
            "the count": chart(table, metric, is_timeseries=False, is_rowcount=True),
            "values": sorted(table.values_for_column("town")),
            "time": table.main_dttm_col,
        }

    @step
    def rows_charted() -> Any:
        top = dataset("files", "top", "select at, town, amount from orders where amount > 0")
        return {**every("files", "count"), "the largest": chart(top, "count", series_limit=1)}

    measured = {"expressionType": "SQL", "sqlExpression": "measure(orders)", "label": "n"}

    @step
    def metrics_charted() -> Any:
        return every("metrics", measured)

    @step
    def series_limited() -> Any:
        table = dataset("metrics", "orders")
        by = {"expressionType": "SQL", "sqlExpression": "measure(returned)", "label": "returned"}
        return [
            shown(table, measured, series_limit=1),
            shown(table, measured, series_limit=1, series_limit_metric=by, filter=[ABOUT]),
            shown(table, measured, series_limit=5, groupby=["town", "shop"], columns=["town", "shop"]),
            shown(table, measured, series_limit=1, group_others_when_limit_reached=True),
        ]

    @step
    def without_a_grain() -> Any:
        return chart(dataset("metrics", "orders"), measured, extras={})

    @step
    def samples() -> Any:
        """As its Samples tab and its preview of a table ask."""
        table, orders = dataset("metrics", "orders"), Table("orders", "metrics")
        columns = [one.column_name for one in table.columns]
        plain: dict[str, Any] = {"is_timeseries": False, "metrics": None, "groupby": [], "extras": {}}
        whole = {"from_dttm": None, "to_dttm": None}
        sampled = shown(table, None, columns=columns, **plain, **whole)
        preview = base.get_df(base.select_star(orders, limit=100))
        named = base.select_star(orders, limit=7, show_cols=True, cols=base.get_columns(orders))
        return sampled, list(preview.columns), len(preview), len(base.get_df(named))

    @step
    def counted() -> Any:
        return chart(dataset("metrics", "orders"), "count")


if __name__ == "__main__":
    main(*sys.argv[1:])
