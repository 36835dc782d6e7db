"""Conditions that only the engine can evaluate, on rows in memory."""

from __future__ import annotations

import pyarrow as pa

from lapwing.model.problem import NotFound, Refused, WrongUse
from lapwing.sql.service import SqlService


def evaluate_condition(sql: SqlService, text: str, table: pa.Table) -> pa.ChunkedArray:
    """A filter's SQL on each row of a table.

    Raises:
        WrongUse: it is no condition, or fails on a value.
    """
    numbered = table.append_column("$number", pa.array(range(table.num_rows), pa.int64()))
    condition = f"CASE WHEN ({text}) THEN TRUE WHEN NOT ({text}) THEN FALSE END"
    statement = f'SELECT "$number", {condition} AS "$keep" FROM given.filtered'
    try:
        answer = sql.table(statement, given={"filtered": numbered})
    except (WrongUse, NotFound, Refused) as error:
        why = error.problems[0]
        raise WrongUse.of(
            "bad-filter", f"The filter {text} fails: {why.message}", nearest=why.nearest, hint=why.hint
        ) from error
    return answer.sort_by("$number").column("$keep")
