"""What is asked of which tables, and in which place each of them is: TPC-H and TPC-DS, both made by DuckDB's extensions."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp


@dataclass(frozen=True, slots=True)
class Workload:
    """`make` is the call that makes the tables at a scale factor, `queries` the SELECT of the statements' numbers and texts.
    `places` says where each table is: pg, lite, files, or more (a second PostgreSQL); `keys` are the columns of its index
    there, else its first."""

    name: str
    make: str
    queries: str
    scale: float
    small: float
    places: Mapping[str, str]
    keys: Mapping[str, Sequence[str]]

    def at(self, place: str) -> list[str]:
        return [table for table, where in self.places.items() if where == place]

    def placed(self, text: str, schemas: Mapping[str, str] | None = None, dialect: str = "duckdb") -> str:
        """A statement with each table under the name of its place, and of the schema that it has there."""
        tree = sqlglot.parse_one(text, read="duckdb")
        made = {one.alias for one in tree.find_all(exp.CTE)}
        for table in tree.find_all(exp.Table):
            if table.name in self.places and table.name not in made:
                if not table.alias:
                    table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
                place = self.places[table.name]
                table.set("db", exp.to_identifier(schemas[place] if schemas else place))
                if schemas:
                    table.set("catalog", exp.to_identifier(place))
        return tree.sql(dialect)


def _scattered(*tables: str) -> Mapping[str, str]:
    """By chance, the same every time."""
    return {table: ("files", "pg", "lite")[zlib.crc32(table.encode()) % 3] for table in tables}


TPCH = Workload(
    "TPC-H",
    "call dbgen(sf = {})",
    "select query_nr, query from tpch_queries()",
    scale=1.0,
    small=0.1,
    places={
        **dict.fromkeys(("lineitem", "orders"), "pg"),
        **dict.fromkeys(("customer", "part", "partsupp"), "lite"),
        **dict.fromkeys(("supplier", "nation", "region"), "files"),
    },
    keys={"partsupp": ("ps_partkey", "ps_suppkey")},
)
TPCDS = Workload(
    "TPC-DS",
    "call dsdgen(sf = {})",
    "select query_nr, query from tpcds_queries()",
    scale=0.1,
    small=0.01,
    places=_scattered(
        *("call_center", "catalog_page", "catalog_returns", "catalog_sales", "customer", "customer_address"),
        *("customer_demographics", "date_dim", "household_demographics", "income_band", "inventory", "item"),
        *("promotion", "reason", "ship_mode", "store", "store_returns", "store_sales", "time_dim", "warehouse"),
        *("web_page", "web_returns", "web_sales", "web_site"),
    ),
    keys={
        "catalog_returns": ("cr_item_sk", "cr_order_number"),
        "catalog_sales": ("cs_item_sk", "cs_order_number"),
        "inventory": ("inv_date_sk", "inv_item_sk", "inv_warehouse_sk"),
        "store_returns": ("sr_item_sk", "sr_ticket_number"),
        "store_sales": ("ss_item_sk", "ss_ticket_number"),
        "web_returns": ("wr_item_sk", "wr_order_number"),
        "web_sales": ("ws_item_sk", "ws_order_number"),
    },
)
