"""Every function of the engine was looked at; one that was not is refused."""

from __future__ import annotations

import pytest

from lapwing.model.problem import Refused
from lapwing.sources.engine import Engine
from lapwing.sql.functions import allowed, functions_of
from lapwing.sql.parse import TABLE_FUNCTIONS, parse
from lapwing.sql.service import SqlService


def test_what_is_allowed_is_there(local: SqlService) -> None:
    with local.planning_cursor() as cursor:
        names = {name for (name,) in cursor.execute("SELECT DISTINCT lower(function_name) FROM duckdb_functions()")}
        refused = functions_of(cursor).refused
    assert allowed() <= names
    assert refused | allowed() == names
    assert {"read_text", "glob", "query", "sniff_csv", "duckdb_settings", "current_setting", "sleep_ms"} <= refused


def test_no_table_function_but_those_listed_is_called(local: SqlService) -> None:
    listed = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN ('table', 'table_macro', 'pragma')"
    with local.planning_cursor() as cursor:
        names = [name for (name,) in cursor.execute(listed) if name not in TABLE_FUNCTIONS]
        assert len(names) > 100
        for name in names:
            for text in (f"select * from \"{name}\"('x')", f'select 1 where exists (from "{name}"())'):
                with pytest.raises(Refused) as caught:
                    parse(text, cursor)
                assert caught.value.problems[0].code == "table-function-refused"


def test_a_function_of_a_newer_engine_is_refused() -> None:
    engine = Engine.planner()
    try:
        with engine.cursor() as cursor:
            cursor.execute("CREATE MACRO peek(x) AS x")
            with pytest.raises(Refused, match="peek"):
                parse("select 1 where peek(1) = 1", cursor, functions_of(cursor).refused)
    finally:
        engine.close()
