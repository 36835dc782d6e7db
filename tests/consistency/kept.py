"""What each kind of source keeps of the nasty data: which tables, as which types, which rows. Told here, once; the
documentation's table is made from it, and plain DuckDB is asked over the same."""

from __future__ import annotations

from collections.abc import Mapping

NEAR = ("own", "lite", "pg", "my", "parquet", "csvs", "delta", "iceberg", "ch")
"""Those of the quick tests."""
FAR = ("trino", "bq", "snow")
"""Those that take a JVM, an emulator that grows with every statement, or are a double alone: of the long tests."""
SOURCES = NEAR + FAR
KINDS = {
    "own": "DuckDB",
    "lite": "SQLite",
    "pg": "PostgreSQL",
    "my": "MariaDB",
    "parquet": "Parquet",
    "csvs": "CSV",
    "delta": "Delta",
    "iceberg": "Iceberg",
    "ch": "ClickHouse",
    "trino": "Trino",
    "bq": "BigQuery",
    "snow": "Snowflake",
}
DOUBLES: Mapping[str, str] = {
    "ch": "its own engine (chdb), whose HTTP interface is a double",
    "bq": "an emulator, which is shown to read its SQL and to answer as plain DuckDB does, as far as it goes",
    "snow": "a double that reads its SQL by a library and runs it in DuckDB: it shows what is sent and what becomes of the rows",
}
"""What stands in for the service itself; the others are the real thing."""
Absent = Mapping[str, Mapping[str, str]]
ABSENT: Absent = {
    "lite": {
        "floats": "it has no NaN, and no -0.0 in a column of floats",
        "moments": "it has no timestamp with time zone",
        "clock": "it has no timestamp with time zone",
        "widths": "it has no decimals of more than 15 digits",
        "lists": "it has no lists and no structs",
        "counts": "it has no whole numbers without a sign",
    },
    "pg": {
        "lists": "its arrays and composite types travel as text",
        "counts": "it has no whole numbers without a sign",
    },
    "my": {
        "floats": "it has no NaN and no infinity",
        "moments": "its timestamps with time zone are of 1970 to 2038",
        "lists": "it has no lists and no structs",
    },
    "csvs": {
        "widths": "its numbers are BIGINT or DOUBLE",
        "bytes": "it has no binary values",
        "counts": "it has no whole numbers without a sign",
        "lists": "it has no lists and no structs",
        "void": "a file without rows tells no types",
        "words": "an empty text and null are the same in it",
        '"Odd.Name"': "an empty text and null are the same in it",
    },
    "delta": {
        '"Odd.Name"': "it has no column names with blanks",
        "lists": "its lists and structs travel as text",
        "counts": "it has no whole numbers without a sign",
    },
    "iceberg": {
        '"Odd.Name"': "a point in a name parts its schemas",
        "lists": "its lists and structs travel as text",
        "counts": "it has no whole numbers without a sign",
    },
    "ch": {
        "bytes": "its texts are its only binary values",
        "lists": "its arrays and tuples travel as text",
    },
    "trino": {
        '"Odd.Name"': "its names have no capital letters",
        "lists": "its arrays and rows travel as text",
        "counts": "it has no whole numbers without a sign",
    },
    "bq": {
        "floats": "the emulator keeps NaN as null",
        "bytes": "the emulator streams binary values as base64",
        '"Odd.Name"': "its names have no points and no quotes",
        "lists": "its arrays and structs travel as text",
        "counts": "it has no whole numbers without a sign",
    },
    "snow": {
        "lists": "its arrays and objects travel as text",
    },
}
"""source -> table -> why the source does not hold it."""
TYPES: Mapping[str, Mapping[str, str]] = {
    "csvs": {"DECIMAL(10,2)": "DOUBLE"},
    "iceberg": {"SMALLINT": "INTEGER"},
    "ch": {"TIMESTAMP": "TIMESTAMP WITH TIME ZONE"},
    "bq": {
        "SMALLINT": "BIGINT",
        "INTEGER": "BIGINT",
        "FLOAT": "DOUBLE",
        **dict.fromkeys(("DECIMAL(4,1)", "DECIMAL(10,2)", "DECIMAL(18,6)"), "DECIMAL(38,9)"),
    },
    "snow": {
        "UTINYINT": "SMALLINT",
        "SMALLINT": "INTEGER",
        "INTEGER": "BIGINT",
        "BIGINT": "HUGEINT",
        "UBIGINT": "HUGEINT",
        "FLOAT": "DOUBLE",
    },
}
"""source -> a type of the data -> what it is there; plain DuckDB is then asked over that type."""
LACKING: Mapping[str, Mapping[str, str]] = {
    "bq": {"n38": "its decimals of more than 9 digits behind the point travel as text"},
}
"""source -> column -> why the source's tables are without it."""
ROWS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "ch": {"days": ("day is null or year(day) between 1900 and 2299", "its dates and times are of 1900 to 2299")},
    "snow": {"days": ("t is null or year(t) between 1678 and 2261", "its driver has moments of 1677 to 2262")},
}
"""source -> table -> the rows that it has there, and why no others."""


def holds(source: str, table: str) -> bool:
    """Whether the source has the table, by its name as written."""
    return table.lower() not in {one.lower() for one in ABSENT.get(source, {})}
