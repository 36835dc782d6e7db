"""The project as PostgreSQL's catalogs would tell of it.

A source is a schema; another schema of a source than its own is a schema `source.schema`; the datasets are views of the
schema `metrics`. Numbers (oids) are made of names, so that they stay the same in every connection and after a restart.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lapwing.model.dataset import Dataset
from lapwing.query.described import METRICS, columns_of
from lapwing.query.service import Lapwing
from lapwing.server.postgres.catalog.columns import INFORMATION_SCHEMA, PG_CATALOG
from lapwing.server.postgres.catalog.names import of_engine
from lapwing.server.postgres.settings import FIRST
from lapwing.server.postgres.types import ARRAYS, ELEMENTS, SCALARS, PgType
from lapwing.sql.catalog import DEFAULT_SCHEMAS

PUBLIC = "public"
SYSTEM = {"pg_catalog": 11, "information_schema": 13_000, PUBLIC: 2_200}
OWNER, DATABASE, HEAP, CLASSES = 10, 16_384, 2, 1_259
PROCEDURES = {"array_in": 750, "array_out": 751, "array_recv": 2_400, "array_send": 2_401}
"""The only functions that are told of: by them clients know arrays from other types."""
_TYPES = {"": pa.string(), "oid": pa.uint32(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(),
          "list": pa.list_(pa.string()), "ints": pa.list_(pa.int64()), "moment": pa.timestamp("us", "UTC")}  # fmt: skip
_ON = {"relpersistence": "p", "relreplident": "d", "relispopulated": True, "attislocal": True, "attidentity": "",
       "attgenerated": "", "attcompression": "", "attstattarget": -1, "attcacheoff": -1, "attstorage": "x",
       "typisdefined": True, "typdelim": ",", "typalign": "i", "typstorage": "p", "typtypmod": -1}  # fmt: skip
"""What is so of everything; else numbers are 0, truths false, lists and texts null."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """A table or a dataset as clients see it."""

    schema: str
    name: str
    columns: tuple[tuple[str, PgType, int, bool], ...]
    rows: int | None
    description: str
    kind: str = "r"

    @property
    def oid(self) -> int:
        return number("table", self.schema, self.name)


def number(*parts: str) -> int:
    """The oid of something by its name, above those that PostgreSQL keeps for itself."""
    return 20_000 + zlib.crc32("\0".join(parts).encode()) % 2_000_000_000


def shown(lapwing: Lapwing) -> tuple[Shown, ...]:
    """All tables of the sources that answer, and the datasets."""
    tables = []
    for table in lapwing.sql.catalog.tables():
        default = DEFAULT_SCHEMAS.get(lapwing.sources[table.source].kind, "")
        schema = table.source if table.schema in ("", default) else f"{table.source}.{table.schema}"
        columns = tuple((one.name, *of_engine(one.type), one.nullable) for one in table.columns)
        tables.append(Shown(schema, table.name, columns, table.rows, table.description))
    return (*tables, *(_dataset(lapwing, one) for one in lapwing.project.datasets.values()))


def _dataset(lapwing: Lapwing, dataset: Dataset) -> Shown:
    columns = tuple((name, *of_engine(type_), True) for name, type_ in columns_of(lapwing, dataset).items())
    return Shown(METRICS, dataset.name, columns, None, dataset.shown.description or "", "v")


def tables(found: tuple[Shown, ...], database: str) -> Iterator[tuple[str, pa.Table]]:
    """Every catalog by its name in the engine."""
    pg = _pg_catalog(found, database)
    for name, columns in PG_CATALOG.items():
        yield name, table_of(columns, pg.get(name, []))
    standard = _information_schema(found, database)
    for name, columns in INFORMATION_SCHEMA.items():
        yield f"information_schema_{name}", table_of(columns, standard.get(name, []))


def table_of(columns: str, rows: Sequence[Row]) -> pa.Table:
    """A catalog with these `columns`, written as in `columns.py`; what a row does not say is as it is everywhere."""
    fields = [(name, _TYPES[kind]) for name, _, kind in (column.partition(":") for column in columns.split())]
    zero = {pa.int64(): 0, pa.uint32(): 0, pa.float64(): 0.0, pa.bool_(): False}
    data = {name: [row.get(name, _ON.get(name, zero.get(kind))) for row in rows] for name, kind in fields}
    return pa.table(data, pa.schema(fields))


def _pg_catalog(found: tuple[Shown, ...], database: str) -> dict[str, list[Row]]:
    schemas = _schemas(found)
    everyone: Row = {"oid": OWNER, "rolname": "lapwing", "rolinherit": True, "rolcanlogin": True, "rolconnlimit": -1}
    return {
        "pg_namespace": [{"oid": oid, "nspname": name, "nspowner": OWNER} for name, oid in schemas.items()],
        "pg_class": [_class(one, schemas) for one in found],
        "pg_attribute": [row for one in found for row in _attributes(one)],
        "pg_type": [_type(one) for one in (*SCALARS, *ARRAYS)],
        "pg_proc": [
            {"oid": oid, "proname": name, "pronamespace": SYSTEM["pg_catalog"], "proowner": OWNER, "prokind": "f"}
            for name, oid in PROCEDURES.items()
        ],
        "pg_database": [
            {"oid": DATABASE, "datname": database, "datdba": OWNER, "encoding": 6, "datallowconn": True,
             "datconnlimit": -1, "dattablespace": 1663, "datcollate": "C.UTF-8", "datctype": "C.UTF-8",
             "datlocprovider": "c"}
        ],
        "pg_roles": [everyone],
        "pg_authid": [everyone],
        "pg_user": [{"usename": "lapwing", "usesysid": OWNER}],
        "pg_description": [row for one in found for row in _descriptions(one)],
        "pg_tables": [
            {"schemaname": one.schema, "tablename": one.name, "tableowner": "lapwing"} for one in found if one.kind == "r"
        ],
        "pg_views": [
            {"schemaname": one.schema, "viewname": one.name, "viewowner": "lapwing"} for one in found if one.kind == "v"
        ],
        "pg_settings": [
            {"name": name, "setting": value, "context": "user", "vartype": "string", "source": "default"}
            for name, value in FIRST.items()
        ],
        "pg_tablespace": [{"oid": 1663, "spcname": "pg_default", "spcowner": OWNER}],
        "pg_am": [{"oid": HEAP, "amname": "heap", "amtype": "t"}],
        "pg_collation": [
            {"oid": 100, "collname": "default", "collnamespace": SYSTEM["pg_catalog"], "collowner": OWNER,
             "collprovider": "d", "collisdeterministic": True, "collencoding": -1}
        ],
    }  # fmt: skip


def _schemas(found: tuple[Shown, ...]) -> dict[str, int]:
    return {**SYSTEM, METRICS: number("schema", METRICS)} | {one.schema: number("schema", one.schema) for one in found}


def _class(one: Shown, schemas: dict[str, int]) -> Row:
    rows = -1.0 if one.rows is None else float(one.rows)
    return {
        "oid": one.oid, "relname": one.name, "relnamespace": schemas[one.schema], "relowner": OWNER,
        "relam": HEAP if one.kind == "r" else 0, "relkind": one.kind, "relnatts": len(one.columns), "reltuples": rows,
    }  # fmt: skip


def _attributes(one: Shown) -> Iterator[Row]:
    for place, (name, kind, modifier, nullable) in enumerate(one.columns, 1):
        yield {
            "attrelid": one.oid, "attname": name, "atttypid": kind.oid, "attlen": kind.size, "attnum": place,
            "attndims": int(kind.oid in ELEMENTS), "atttypmod": modifier, "attnotnull": not nullable,
            "attcollation": 100 if kind.category == "S" else 0,
        }  # fmt: skip


def _descriptions(one: Shown) -> Iterator[Row]:
    if one.description:
        yield {"objoid": one.oid, "classoid": CLASSES, "objsubid": 0, "description": one.description}


_WAYS = {"input": "array_in", "output": "array_out", "receive": "array_recv", "send": "array_send"}


def _type(one: PgType) -> Row:
    element = ELEMENTS.get(one.oid)
    return {
        "oid": one.oid, "typname": one.name, "typnamespace": SYSTEM["pg_catalog"], "typowner": OWNER, "typlen": one.size,
        "typtype": "p" if one.name == "unknown" else "b", "typcategory": one.category, "typarray": one.array,
        "typelem": element.oid if element else 0,
        **{f"typ{way}": PROCEDURES[name] for way, name in _WAYS.items() if element},
        "typcollation": 100 if one.category == "S" else 0,
    }  # fmt: skip


def _information_schema(found: tuple[Shown, ...], database: str) -> dict[str, list[Row]]:
    kinds = {"r": "BASE TABLE", "v": "VIEW"}
    names = [{"table_catalog": database, "table_schema": one.schema, "table_name": one.name} for one in found]
    reads = [{**name, "grantor": "lapwing", "grantee": "lapwing", "privilege_type": "SELECT", "is_grantable": "NO",
              "with_hierarchy": "NO"} for name in names]  # fmt: skip
    return {
        "schemata": [
            {"catalog_name": database, "schema_name": name, "schema_owner": "lapwing"} for name in _schemas(found)
        ],
        "tables": [
            {**name, "table_type": kinds[one.kind], "is_insertable_into": "NO", "is_typed": "NO"}
            for name, one in zip(names, found, strict=True)
        ],
        "views": [
            {**name, "is_updatable": "NO", "is_insertable_into": "NO", "check_option": "NONE"}
            for name, one in zip(names, found, strict=True)
            if one.kind == "v"
        ],
        "columns": [
            {**name, **column} for name, one in zip(names, found, strict=True) for column in _columns(one, database)
        ],
        "table_privileges": reads,
        "role_table_grants": reads,
        "enabled_roles": [{"role_name": "lapwing"}],
    }


def _columns(one: Shown, database: str) -> Iterator[Row]:
    for place, (name, kind, modifier, nullable) in enumerate(one.columns, 1):
        exact = {"int2": 16, "int4": 32, "int8": 64}.get(kind.name)
        binary = {"float4": 24, "float8": 53}.get(kind.name)
        decimal = divmod(modifier - 4, 65_536) if kind.name == "numeric" and modifier >= 0 else (None, None)
        moment = 6 if kind.name in ("time", "timestamp", "timestamptz") else 0 if kind.name == "date" else None
        yield {
            "column_name": name, "ordinal_position": place, "is_nullable": "YES" if nullable else "NO",
            "data_type": "ARRAY" if kind.category == "A" else kind.sql, "udt_catalog": database,
            "udt_schema": "pg_catalog", "udt_name": kind.name, "numeric_precision": exact or binary or decimal[0],
            "numeric_precision_radix": 2 if exact or binary else 10 if decimal[0] else None,
            "numeric_scale": 0 if exact else decimal[1], "datetime_precision": moment, "dtd_identifier": str(place),
            "character_maximum_length": None, "character_octet_length": None, "interval_precision": None,
            "maximum_cardinality": None, "is_self_referencing": "NO", "is_identity": "NO", "identity_cycle": "NO",
            "is_generated": "NEVER", "is_updatable": "NO",
        }  # fmt: skip
