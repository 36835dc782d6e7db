"""The tables of docs/consistency.md, made from what sources declare and what the cases show."""

from __future__ import annotations

from collections.abc import Mapping

from tests.consistency.cases import FILES, read_cases
from tests.consistency.emulated import EMULATED
from tests.consistency.kept import ABSENT, DOUBLES, KINDS, LACKING, ROWS, SOURCES, TYPES

from lapwing.sources import bigquery, clickhouse, mariadb, postgres, snowflake, sqlite, trino
from lapwing.sources.base import Capabilities, Family, Operation

CAPABILITIES: Mapping[str, Capabilities] = {
    "PostgreSQL": postgres.CAPABILITIES,
    "MariaDB, MySQL": mariadb.CAPABILITIES,
    "SQLite": sqlite.CAPABILITIES,
    "BigQuery": bigquery.CAPABILITIES,
    "ClickHouse": clickhouse.CAPABILITIES,
    "Snowflake": snowflake.CAPABILITIES,
    "Trino": trino.CAPABILITIES,
}
OPERATIONS = {
    Operation.EQUAL: "`=`, `<>`, `is distinct from`",
    Operation.ORDER: "`<`, `<=`, `>`, `>=`, `between`",
    Operation.IN: "`in`, keys of another source",
    Operation.IS_NULL: "`is null`",
    Operation.LIKE: "`like`",
    Operation.PREFIX: "`starts_with`, `ends_with`, `contains`",
}


def told() -> str:
    """What sources are told, by operation."""
    lines = [f"| | {' | '.join(CAPABILITIES)} |", f"|---|{'---|' * len(CAPABILITIES)}"]
    for operation, shown in OPERATIONS.items():
        cells = [_families(one.pushable.get(operation, frozenset())) for one in CAPABILITIES.values()]
        lines.append(f"| {shown} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _families(families: frozenset[Family]) -> str:
    without = [family.value for family in Family if family not in families]
    if not families:
        return "no"
    if not without:
        return "all"
    if len(without) <= 3:
        return f"all but {', '.join(without)}"
    return ", ".join(family.value for family in Family if family in families)


def kept() -> str:
    """What sources do not keep, or keep as something else."""
    lines = ["| source | what is not kept in it, or as something else |", "|---|---|"]
    for source in SOURCES:
        said = list(dict.fromkeys(ABSENT.get(source, {}).values()))
        said += LACKING.get(source, {}).values()
        said += [why for _, why in ROWS.get(source, {}).values()]
        said += [f"{theirs} for {ours}" for ours, theirs in TYPES.get(source, {}).items()]
        lines.append(f"| {KINDS[source]} | {'; '.join(said) or 'nothing'} |")
    return "\n".join(lines)


def refused() -> str:
    """What is refused on every source, by the cases."""
    found = {case.text: reason for file in FILES for case in read_cases(file) for reason in set(case.refused.values())}
    return "\n".join(f"- `{text}`: {reason}." for text, reason in found.items())


def doubled() -> str:
    """What stands in for a service, and what is not compared with it."""
    said = [f"- {KINDS[source]}: {what}." for source, what in DOUBLES.items()]
    return "\n".join([*said, *(f"- Not compared, nor counted as right: {why}." for _, why in EMULATED)])


def page_parts() -> dict[str, str]:
    """By the name between the page's marks."""
    return {"told": told(), "kept": kept(), "refused": refused(), "doubled": doubled()}
