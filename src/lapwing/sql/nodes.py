"""The plan of a statement: scans that feed it, and the statement itself over them. Frozen; each tells itself in a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from lapwing.model.size import counted
from lapwing.sources.base import Column, Table
from lapwing.sql.text import Edited


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition the engine puts on the rows of one scan: as the engine says it, and as the source was told it (None:
    it was not, because of `reason`). It always stays in the statement as well. `inside`: it is in the body of the scan's
    table already; `passing`: it may be true of other rows the next time it is asked."""

    text: str
    pushed: str | None = None
    reason: str | None = None
    inside: bool = False
    passing: bool = False

    def __str__(self) -> str:
        return self.text if self.pushed is not None else f"{self.text} (in the engine: {self.reason})"


@dataclass(frozen=True, slots=True)
class Key:
    """Rows of a scan whose `column` is none of the values that the scan `provider` holds in `provided` are not read.
    `expected`: about how many values these are. `inside`: the source that has both finds them itself, by a subquery."""

    column: Column
    provider: str
    provided: Column
    expected: int
    inside: bool = False

    def __str__(self) -> str:
        found = ", found by the source itself" if self.inside else ""
        return (
            f"{self.column.name} in the {self.provided.name} of {self.provider}, about {self.expected:,} values{found}"
        )


@dataclass(frozen=True, slots=True)
class Constant:
    """A column that only conditions of a scan need, all of which its source has looked at: `value`, a text of the column's type
    (None: NULL), meets them and may stand for each of its values."""

    column: Column
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One mention of a table in the statement, and what is read for it.

    `columns` are those read, `meant` those that the statement may mean, `used` how often the plan scans it (0: not at all
    as far as can be seen), `many` whether it may be scanned again, so that its rows must be kept. `grouped`: its rows are
    groups that the source makes. `whole`: `sql` is all of the statement, and the rows come in its order. `shares`: it has
    its rows from the scan of that id, and reads none. `held`: a native one, which the engine reads before the statement,
    once. `constants`: what may stand for some of the columns, so that they need not be read. `limit`: so many rows are
    enough, the first ones where `sorted`. `keys` are added to what the source is told once their providers were read. `at`:
    where its mention begins in the statement, in bytes. `sql` is what the source is sent; of a native one, the text that
    stands in the engine's FROM; `shown` is how people are told it. `rows` is an estimate.
    """

    id: str
    table: Table
    alias: str
    kind: str
    native: bool
    columns: tuple[Column, ...]
    meant: tuple[Column, ...] = ()
    conditions: tuple[Condition, ...] = ()
    limit: int | None = None
    sorted: bool = False
    grouped: bool = False
    whole: bool = False
    shares: str | None = None
    held: bool = False
    at: int = 0
    keys: tuple[Key, ...] = ()
    constants: tuple[Constant, ...] = ()
    used: int = 0
    many: bool = False
    sql: str = ""
    shown: str = ""
    rows: int | None = None

    @property
    def pushed(self) -> tuple[Condition, ...]:
        return tuple(one for one in self.conditions if one.pushed is not None)

    @property
    def where(self) -> str | None:
        """What the source is told of the conditions, in its dialect."""
        return " AND ".join(f"({one.pushed})" for one in self.pushed if not one.inside) or None

    @property
    def needed(self) -> tuple[Column, ...]:
        """The columns whose values the statement needs; one at least, so that rows can be counted."""
        idle = {one.column for one in self.constants}
        return tuple(column for column in self.columns if column not in idle) or self.columns[:1]

    @property
    def unread(self) -> tuple[Column, ...]:
        """Those of its conditions for which constants stand."""
        return tuple(one.column for one in self.constants if one.column not in self.columns)

    @property
    def kept(self) -> tuple[Condition, ...]:
        return tuple(one for one in self.conditions if one.pushed is None)

    @property
    def description(self) -> str:
        """One line."""
        what = "groups of" if self.grouped else "scan"
        tables = " joined with ".join((f"{self.table.path} as {self.alias}", *self.table.joined))
        parts = [f"{self.id}: {what} {tables} ({self.kind})"]
        parts.append(f"{len(self.columns)} of {len(self.table.columns)} columns")
        if self.limit is not None:
            parts.append(f"the first {self.limit:,} rows" if self.sorted else f"at most {self.limit:,} rows")
        parts.append(f"about {counted(self.rows, 'row')}" if self.rows is not None else "rows unknown")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Residual:
    """What runs in the engine: the user's own statement, its tables replaced by the scans."""

    edited: Edited

    @property
    def sql(self) -> str:
        return self.edited.text

    @property
    def description(self) -> str:
        return "the statement, in the engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A statement ready to run. `feeds` maps the engine's names of tables to ids of scans; `given` maps them to the
    names of tables handed in. `schema` is the result's. `steps` are the engine's operators, root first, each with its
    depth; `notes` say what was done and what not, and why. `named` is the statement with each mention of a scanned table
    under its scan's id. `whole`: where sources make groups, the plan by which they don't. `where`: what runs it. `meaning`: that
    of the statement, whatever its white space; `passing`: the functions in it whose values depend on when they are asked
    for; if there are any, `moment` is what all of it takes for now. `engine`: what it was asked to run on."""

    text: str
    named: str
    zone: str
    scans: tuple[Scan, ...]
    feeds: Mapping[str, str]
    given: Mapping[str, str]
    residual: Residual
    schema: pa.Schema
    types: tuple[str, ...]
    steps: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = field(default=())
    whole: Plan | None = field(default=None, repr=False)
    where: str = "in the engine"
    meaning: str = ""
    passing: tuple[str, ...] = ()
    moment: datetime | None = None
    engine: str | None = None

    @property
    def lasting(self) -> bool:
        """Nothing in it depends on when it was made."""
        return not self.passing and not self.given

    @property
    def description(self) -> str:
        return f"{self.residual.description} over {len(self.scans)} scans"
