"""Each guard of what goes to a source is needed: without it some case gives other rows."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from tests.consistency.cases import ALONE, FILES, read_cases
from tests.consistency.test_cases import wrong
from tests.consistency.world import World

from lapwing.sql import capability
from lapwing.sql.aggregate import push, times

GUARDS = {
    "a text of other rules than bytes": (
        "pg",
        "if not column.exact_text:\n            raise",
        "if False:\n            raise",
    ),
    "a column of text and a number in SQLite": ("lite", 'name = f"+{name}"', "pass"),
    "a text of MariaDB by its bytes": (
        "my",
        'name = f"CAST(CONVERT({name} USING utf8mb4) AS BINARY)"',
        "pass",
    ),
    "SQLite's own collation": ("lite", 'return f"{value.sql} COLLATE BINARY"', "return value.sql"),
    "PostgreSQL's own order": ("pg", "return f'{value.sql} COLLATE \"C\"' if", "return value.sql if"),
    "floats of 32 bits": ("pg", 'column.type in ("FLOAT", "UBIGINT", "UHUGEINT")', "False"),
    "floats of 32 bits in MariaDB": ("my", 'column.type in ("FLOAT", "UBIGINT", "UHUGEINT")', "False"),
    "a backslash in LIKE": ("pg", 'if "\\\\" in pattern:', "if False:"),
    "one sign in LIKE of MariaDB": ("my", 'if self._mysql and "_" in pattern:', "if False:"),
    "signs of LIKE in a part": ("pg", 'if re.search(r"[%_\\\\]", part):', "if False:"),
    "numbers of many digits in SQLite": ("lite", "len(digits) > _EXACT_DIGITS", "False"),
    "decimals in SQLite": ("lite", "if kind not in self._pushable.get(operation, ()):", "if False:"),
    "whole numbers against decimals in ClickHouse": (
        "ch",
        'if self._dialect == "clickhouse" and one.family is not other.family:',
        "if False:",
    ),
    "not of a condition": ("pg", 'return f"(NOT {self.condition(node.this)})"', "return self.condition(node.this)"),
    "null-safe equality": ("pg", "equal = isinstance(node, exp.NullSafeEQ)", "equal = True"),
}
"""What is guarded -> the source that shows it, the guard's text, and what is put in its place."""
_SORTED = "self._collated(value, order=True)}{' DESC'"
ORDERS = {
    "PostgreSQL's own order": ("pg", _SORTED, "value.sql}{' DESC'"),
    "a text's bytes in MariaDB": ("my", _SORTED, "exp.column(column.name).sql()}{' DESC'"),
    "SQLite's own collation": ("lite", _SORTED, "value.sql}{' DESC'"),
    **{
        f"{what} in {source}": (source, guard, instead)
        for source in ("pg", "my", "lite", "ch")
        for what, guard, instead in (
            ("the greatest first", "{' DESC' if descending else ''}", ""),
            ("nulls first and last", "nulls_first else", "not nulls_first else"),
            ("where nulls come", "if not column.nullable:", "if True:"),
        )
    },
}
"""The same of the first rows by an order."""
SHOWING = ("decimals", "filters_floats", "filters_numbers", "filters_text", "filters_times", "strings")


def without(guard: str, instead: str) -> ModuleType:
    """The module with the guard's text replaced."""
    text = Path(capability.__file__).read_text(encoding="utf-8")
    assert guard in text
    made = ModuleType(capability.__name__)
    exec(compile(text.replace(guard, instead), capability.__file__, "exec"), made.__dict__)
    made.__dict__.update(No=capability.No, Value=capability.Value)  # others catch and make those
    return made


@pytest.mark.long
def test_times_with_a_zone_are_cut_by_the_session(nasty: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source has another one."""
    text, zone = (
        "select date_trunc('day', z) as day, count(*) as n from pg.moments group by 1 order by 1",
        "America/New_York",
    )
    right = nasty.sql.table(text, zone=zone)
    monkeypatch.setattr(push, "cut_types", lambda zone: times.cut_types("UTC"))
    assert nasty.sql.table(text, zone=zone) != right


@pytest.mark.long
@pytest.mark.parametrize("what", ORDERS)
def test_without_its_guard_the_first_rows_are_others(nasty: World, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source, guard, instead = ORDERS[what]
    monkeypatch.setattr(capability, "Renderer", without(guard, instead).Renderer)
    spread = next(one for one in ALONE if one.alone == source)
    cases = (case for file in FILES if file.stem == "order" for case in read_cases(file))
    assert any(wrong(nasty, case, spread) for case in cases), f"nothing shows {what}"


@pytest.mark.long
@pytest.mark.parametrize("what", GUARDS)
def test_without_its_guard_a_case_goes_wrong(nasty: World, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source, guard, instead = GUARDS[what]
    mutant = without(guard, instead)
    monkeypatch.setattr(capability, "Renderer", mutant.Renderer)
    spread = next(one for one in ALONE if one.alone == source)
    cases = (case for file in FILES if file.stem in SHOWING for case in read_cases(file))
    assert any(wrong(nasty, case, spread) for case in cases), f"nothing shows that {what} is guarded"
