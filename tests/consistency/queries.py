"""Random statements over tables that lie in every source. Types are known, so that they are right; plain DuckDB has the
same tables in a schema for each source, and is asked the same text."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

# Column -> type. `g` is never added up, for want of exact sums.
COLUMNS = {
    "k": "BIGINT",
    "i": "BIGINT",
    "d": "DECIMAL(10,2)",
    "f": "DOUBLE",
    "g": "DOUBLE",
    "x": "DOUBLE",
    "s": "VARCHAR",
    "w": "VARCHAR",
    "day": "DATE",
    "t": "TIMESTAMP",
    "z": "TIMESTAMP WITH TIME ZONE",
    "b": "BOOLEAN",
}
TABLES = ("t0", "t1", "t2")
SOURCES = ("parquet", "lite", "own", "pg", "my", "delta", "iceberg", "ch")
EVERYWHERE = (*SOURCES, "trino", "trino", "bq", "bq", "snow")
# No NaN and no infinity in SQLite, MariaDB and BigQuery's emulator, no zone in SQLite, and MariaDB's begins in 1970.
LACKING = {**{source: frozenset({"x", "z"}) for source in ("lite", "my")}, "bq": frozenset({"x"})}
SPECIAL = ("nan", "inf", "-inf", "0", "1.5", "-2")
ZONES = ("UTC", "America/New_York", "Asia/Kolkata")
TEXTS = (
    "a",
    "A",
    "b",
    "ab",
    "aB",
    " a",
    "a ",
    "",
    "é",
    "É",
    "ß",
    "z",
    "Z",
    "10",
    "9",
    "it's",
    "a%",
    "a_",
    "a\\b",
    "日本",
)
NUMBERS = (-3, -1, 0, 1, 2, 3, 5, 7, 100)
DAYS = ("2013-03-09", "2013-03-10", "2013-03-11", "2013-11-03", "1969-12-31", "2020-02-29")
CLOCKS = ("00:00:00", "00:30:00", "02:30:00", "05:00:00.000001", "23:59:59.999999")
COMPARE = ("=", "<>", "<", "<=", ">", ">=")
UNITS = ("year", "quarter", "month", "week", "day", "hour", "minute")
PARTS = ("year", "quarter", "month", "week", "day", "doy", "dow", "isodow", "hour", "minute", "second")
JOINS = ("join", "left join", "right join", "full join", "join", "left join", "semi join", "anti join")


def value(rng: random.Random, column: str) -> object:
    """A value for a cell; a fifth of them are null."""
    kind = COLUMNS[column]
    if rng.random() < 0.2:
        return None
    if kind == "BIGINT":
        return rng.choice(NUMBERS) if column == "k" else rng.choice((*NUMBERS, 2**53 + 1))
    if kind.startswith("DECIMAL"):
        return f"{rng.choice(NUMBERS)}.{rng.randrange(100):02}"
    if column == "f":
        return rng.choice(NUMBERS) / 4
    if column == "g":
        return rng.choice((0.1, 0.2, 0.30000000000000004, 0.3, 0.0, 1e300, 5.5, 1 / 3))
    if column == "x":
        return rng.choice(SPECIAL)
    if kind == "VARCHAR":
        return rng.choice(TEXTS)
    if kind == "BOOLEAN":
        return rng.random() < 0.5
    moment = rng.choice(DAYS)
    if kind == "DATE":
        return moment
    moment = f"{moment} {rng.choice(CLOCKS)}"
    return f"{moment}+00" if kind.endswith("ZONE") else moment


def data(seed: int, rows: int) -> str:
    """SQL that makes the tables."""
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    made = []
    for table in TABLES:
        rng = random.Random(f"{seed} {table}")
        lines = (f"({', '.join(constant(column, value(rng, column)) for column in COLUMNS)})" for _ in range(rows))
        made.append(f"create table {table} ({columns}); insert into {table} values {', '.join(lines)};")
    return "\n".join(made)


def constant(column: str, made: object) -> str:
    """A value of the column in SQL."""
    if made is None:
        return "null"
    if isinstance(made, str) and not COLUMNS[column].startswith("DECIMAL"):
        return text_of(made)
    return str(made).lower()


@dataclass(frozen=True)
class Query:
    """`text` is asked of Lapwing, `plain` of DuckDB. `ordered`: the rows' order is told; `limit`: any so many rows of
    `plain` (which has no limit) will do."""

    text: str
    plain: str
    ordered: bool
    limit: int | None
    zone: str


@dataclass
class Scope:
    """The tables of a FROM: alias -> columns that may be named."""

    sql: str
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    """Names of USING, which need no alias."""

    def once(self) -> list[str]:
        """Names that USING may say."""
        every = [name for names in self.columns.values() for name in names]
        return [name for name in ("k", "i", "s", "day") if every.count(name) == 1 and name not in self.shared]

    def named(self, rng: random.Random, kinds: str | None = None) -> tuple[str, str]:
        """An alias.column and its column's name; `kinds` are letters of columns to choose from."""
        every = [(alias, name) for alias, names in self.columns.items() for name in names]
        fitting = [(alias, name) for alias, name in every if kinds is None or name in kinds.split()]
        alias, name = rng.choice(fitting or every)
        return name if name in self.shared and rng.random() < 0.4 else f"{alias}.{name}", name


class Generator:
    """Gives the same queries for the same seed and sources; one named twice is asked twice as often."""

    def __init__(self, seed: int, sources: tuple[str, ...] = SOURCES) -> None:
        self._rng = random.Random(seed)
        self._sources = sources
        self._aliases = 0

    def query(self) -> Query:
        self._aliases = 0
        shape = self._rng.random()
        limit, tail, ordered = None, "", False
        if shape < 0.12:
            body, width = self._set_operation()
        elif shape < 0.24:
            body, width = self._over_a_cte()
        elif shape < 0.44:
            body, width = self._single()
        elif shape < 0.5:
            body, width = self._windowed()
        else:
            body, width = self._select()
        chance = self._rng.random()
        if chance < 0.4:
            ordered = True
            tail = f" order by {', '.join(self._order(number + 1) for number in range(width))}"
            if self._rng.random() < 0.7:
                tail += f" limit {self._rng.randrange(12)} offset {self._rng.randrange(3)}"
        elif chance < 0.55:
            limit = self._rng.randrange(6)
        plain = f"{body}{tail}"
        return Query(
            plain if limit is None else f"{plain} limit {limit}", plain, ordered, limit, self._rng.choice(ZONES)
        )

    def _order(self, position: int) -> str:
        return f"{position}{self._rng.choice(('', ' desc'))}{self._rng.choice(('', ' nulls first', ' nulls last'))}"

    def _alias(self) -> str:
        self._aliases += 1
        return f"x{self._aliases}"

    def _table(self) -> tuple[str, str, tuple[str, ...]]:
        source, alias = self._rng.choice(self._sources), self._alias()
        columns = tuple(name for name in COLUMNS if name not in LACKING.get(source, ()))
        return f"{source}.{self._rng.choice(TABLES)} {alias}", alias, columns

    def _relation(self) -> tuple[str, str, tuple[str, ...]]:
        """A table, or something made of one that has some of its columns."""
        text, alias, columns = self._table()
        shape = self._rng.random()
        if shape < 0.75:
            return text, alias, columns
        scope, outer = Scope(text, {alias: columns}), self._alias()
        where = self._predicate(scope, 2)
        if shape < 0.82:
            return f"(select * from {text} where {where}) {outer}", outer, columns
        kept = ("k", "i", "s", "day", *self._rng.sample(("d", "w", "t", "b"), 2))
        listed = ", ".join(kept)
        if shape < 0.88:
            return f"(select distinct {listed} from {text}) {outer}", outer, kept
        if shape < 0.94:
            limit = self._rng.randrange(1, 20)
            return f"(select {listed} from {text} where {where} order by {listed} limit {limit}) {outer}", outer, kept
        most = ", ".join(f"max({name}) as {name}" for name in kept[1:])
        return f"(select k, {most} from {text} where {where} group by k) {outer}", outer, kept

    def _from(self, most: int = 3) -> Scope:
        text, alias, columns = self._relation()
        scope = Scope(text, {alias: columns})
        for _ in range(self._rng.choice((0, 0, 1, 1, 2)[: most + 2])):
            text, alias, columns = self._relation()
            inner = Scope("", {alias: columns})
            met = [self._met(scope, alias) for _ in range(self._rng.choice((1, 1, 1, 2)))]
            if self._rng.random() < 0.4:
                met.append(self._predicate(inner, 1))
            join, used = self._rng.choice(JOINS), [name for name in scope.once() if name in columns]
            if used and self._rng.random() < 0.2:
                name = self._rng.choice(used)
                scope.sql += f" {join} {text} using ({name})"
                scope.shared.add(name)
            else:
                scope.sql += f" {join} {text} on {' and '.join(met)}"
            if join not in ("semi join", "anti join"):
                scope.columns[alias] = columns
        return scope

    def _met(self, scope: Scope, alias: str) -> str:
        """A condition that joins what is in scope with a relation."""
        key = self._rng.choice(("k", "k", "i", "s", "day"))
        left, shape = scope.named(self._rng, key)[0], self._rng.random()
        if shape < 0.8:
            return f"{left} = {alias}.{key}"
        if shape < 0.87:
            return f"{left} is not distinct from {alias}.{key}"
        if shape < 0.94 and key in ("k", "i"):
            return f"{left} + 1 = {alias}.{key}"
        return f"{left} {self._rng.choice(COMPARE)} {alias}.{key}"

    def _select(self) -> tuple[str, int]:
        scope = self._from()
        where = f" where {self._predicate(scope, 3)}" if self._rng.random() < 0.8 else ""
        if self._rng.random() < 0.45:
            return self._grouped(scope, where)
        width = self._rng.randrange(1, 5)
        outputs = [f"{self._scalar(scope)} as c{number}" for number in range(width)]
        distinct = "distinct " if self._rng.random() < 0.15 else ""
        return f"select {distinct}{', '.join(outputs)} from {scope.sql}{where}", width

    def _single(self) -> tuple[str, int]:
        """Aggregates over one scan, by columns or by what is made of them."""
        text, alias, columns = self._table()
        scope = Scope(text, {alias: columns})
        where = f" where {self._predicate(scope, 2)}" if self._rng.random() < 0.6 else ""
        return self._grouped(scope, where)

    def _windowed(self) -> tuple[str, int]:
        """Windows that ties do not make ambiguous."""
        scope = self._from(1)
        where = f" where {self._predicate(scope, 2)}" if self._rng.random() < 0.6 else ""
        part = f"partition by {scope.named(self._rng)[0]}"
        made = self._rng.choice(
            (
                f"count(*) over ({part})",
                f"sum({scope.named(self._rng, 'k d f')[0]}) over ({part})",
                f"rank() over ({part} order by {scope.named(self._rng)[0]}{self._rng.choice(('', ' desc'))})",
                f"max({scope.named(self._rng)[0]}) over (order by {scope.named(self._rng)[0]})",
            )
        )
        body = f"select {self._scalar(scope)} as c0, {made} as c1 from {scope.sql}{where}"
        if self._rng.random() < 0.4:
            return f"select * from ({body}) where c1 is not null", 2
        return body, 2

    def _grouped(self, scope: Scope, where: str) -> tuple[str, int]:
        keys = [self._scalar(scope) for _ in range(self._rng.randrange(3))]
        aggregates = [self._aggregate(scope) for _ in range(self._rng.randrange(1, 4))]
        outputs = [f"{one} as c{number}" for number, one in enumerate([*keys, *aggregates])]
        group = f" group by {', '.join(str(number + 1) for number in range(len(keys)))}" if keys else ""
        having = ""
        if self._rng.random() < 0.3:
            key, number = scope.named(self._rng, "k")[0], scope.named(self._rng, "k d")[0]
            some = self._rng.choice(("count(*)", f"max({key})", f"sum({number})"))
            having = f" having {some} {self._rng.choice(COMPARE)} {self._rng.randrange(4)}"
        if len(keys) > 1 and self._rng.random() < 0.15 and "select" not in "".join(keys):
            group = f" group by {self._rng.choice(('rollup', 'cube'))} ({', '.join(keys)})"
        return f"select {', '.join(outputs)} from {scope.sql}{where}{group}{having}", len(outputs)

    def _aggregate(self, scope: Scope) -> str:
        kind = self._rng.choice(("count(*)", "count", "count distinct", "sum", "min", "max", "avg", "filter"))
        if kind == "count(*)":
            return kind
        if kind in ("sum", "avg"):
            return f"{kind}({scope.named(self._rng, 'k d f i')[0]})"
        if kind == "filter":
            over = self._rng.choice(("count(*)", f"sum({scope.named(self._rng, 'k d')[0]})"))
            return f"{over} filter (where {self._predicate(scope, 1)})"
        name = scope.named(self._rng)[0]
        return f"count(distinct {name})" if kind == "count distinct" else f"{kind}({name})"

    def _scalar(self, scope: Scope) -> str:
        name, column = scope.named(self._rng)
        kind = COLUMNS[column]
        shape = self._rng.random()
        if shape < 0.55:
            return name
        if shape < 0.6:
            text, alias, _ = self._table()
            return f"(select count(*) from {text} where {alias}.k = {scope.named(self._rng, 'k')[0]})"
        if kind == "VARCHAR":
            return self._rng.choice((f"lower({name})", f"length({name})", f"{name} || '.'", f"coalesce({name}, '-')"))
        if kind in ("DATE", "TIMESTAMP") or kind.endswith("ZONE"):
            unit, part = self._rng.choice(UNITS), self._rng.choice(PARTS)
            made = (f"date_trunc('{unit}', {name})", f"date_part('{part}', {name})", f"year({name})", f"{name}::date")
            return self._rng.choice(made)
        if kind == "BOOLEAN":
            return f"not {name}"
        return self._rng.choice((f"-{name}", f"{name} / 4", f"{name}::varchar", f"coalesce({name}, 0)"))

    def _predicate(self, scope: Scope, depth: int) -> str:
        shape = self._rng.random()
        if depth > 0 and shape < 0.35:
            word = self._rng.choice(("and", "or"))
            return f"({self._predicate(scope, depth - 1)} {word} {self._predicate(scope, depth - 1)})"
        if depth > 0 and shape < 0.42:
            return f"not ({self._predicate(scope, depth - 1)})"
        if depth > 1 and shape < 0.5:
            return self._subquery(scope)
        return self._leaf(scope)

    def _subquery(self, scope: Scope) -> str:
        text, alias, columns = self._table()
        inner = Scope(text, {alias: columns})
        outer = scope.named(self._rng, "k")[0]
        where = self._predicate(inner, 1)
        shape = self._rng.choice(("in", "not in", "exists", "not exists", "scalar", "quantified", "counted"))
        if shape == "quantified":
            operator = f"{self._rng.choice(COMPARE)} {self._rng.choice(('any', 'all'))}"
            return f"{outer} {operator} (select {alias}.k from {text} where {where})"
        if shape == "counted":
            return f"(select count(*) from {text} where {alias}.k = {outer} and {where}) > {self._rng.randrange(3)}"
        if shape == "scalar":
            return f"{outer} {self._rng.choice(COMPARE)} (select max({alias}.k) from {text} where {where})"
        if "exists" in shape:
            return f"{shape} (select 1 from {text} where {alias}.k = {outer} and {where})"
        return f"{outer} {shape} (select {alias}.k from {text} where {where})"

    def _leaf(self, scope: Scope) -> str:
        name, column = scope.named(self._rng)
        kind = COLUMNS[column]
        if self._rng.random() < 0.15:
            return self._reckoned(scope, name, column)
        shape = self._rng.random()
        if shape < 0.1:
            return f"{name} is {self._rng.choice(('', 'not '))}null"
        if kind == "BOOLEAN":
            return self._rng.choice((name, f"not {name}", f"{name} = true", f"{name} is not true"))
        if kind == "VARCHAR" and shape < 0.4:
            pattern = self._rng.choice(("a%", "%b", "_", "%a%", "A%", "%", "a\\%", "%é"))
            operator = self._rng.choice(("like", "not like", "ilike", "like"))
            return f"{name} {operator} {text_of(pattern)}"
        if kind == "VARCHAR" and shape < 0.5:
            function = self._rng.choice(("starts_with", "contains", "suffix"))
            return f"{function}({name}, {text_of(self._rng.choice(TEXTS))})"
        if shape < 0.25:
            other, second = scope.named(self._rng, column)
            if COLUMNS[second] == kind:
                return f"{name} {self._rng.choice(COMPARE)} {other}"
        if shape < 0.6:
            values = [self._constant(column) for _ in range(self._rng.randrange(1, 4))]
            return f"{name} {self._rng.choice(('in', 'not in'))} ({', '.join(values)})"
        if shape < 0.7:
            return f"{name} between {self._constant(column)} and {self._constant(column)}"
        if shape < 0.78:
            return f"{name} is {self._rng.choice(('', 'not '))}distinct from {self._constant(column)}"
        return f"{name} {self._rng.choice(COMPARE)} {self._constant(column)}"

    def _reckoned(self, scope: Scope, name: str, column: str) -> str:
        """A condition on what is made of a column."""
        kind, compare = COLUMNS[column], self._rng.choice(COMPARE)
        made: tuple[str, ...]
        if kind == "VARCHAR":
            made = (f"lower({name}) {compare} 'a'", f"length({name}) {compare} 1", f"{name} || 'b' {compare} 'ab'")
            made += (
                f"coalesce({name}, 'z') {compare} 'b'",
                f"trim({name}) = 'a'",
                f"regexp_matches({name}, '^[a-z]$')",
            )
        elif kind == "BOOLEAN":
            made = (f"coalesce({name}, false)", f"{name}::int {compare} 1", f"{name} is not distinct from true")
        elif kind in ("DATE", "TIMESTAMP") or kind.endswith("ZONE"):
            made = (f"year({name}) {compare} 2013", f"date_trunc('month', {name}) {compare} '2013-03-01'")
            made += (f"{name} + interval 1 day {compare} '2013-03-10'", f"{name}::date {compare} '2013-03-10'")
            made += (f"dayofweek({name}) {compare} 3", f"{name}::varchar {compare} '2013-03'")
        else:
            made = (f"-{name} {compare} 2", f"abs({name}) {compare} 2", f"coalesce({name}, 0) {compare} 0")
            made += (f"{name} {compare} 1.5", f"{name}::double {compare} 1", f"round({name}) {compare} 2")
            made += (f"case when {name} > 1 then 1 end = 1", f"{name} {compare} {scope.named(self._rng, 'k i d f')[0]}")
        return self._rng.choice(made)

    def _constant(self, column: str) -> str:
        return constant(column, value(self._rng, column))

    def _set_operation(self) -> tuple[str, int]:
        columns = self._rng.sample(("k", "i", "d", "s", "day", "t", "b"), self._rng.randrange(1, 4))
        sides = []
        for _ in range(2):
            text, alias, known = self._table()
            scope = Scope(text, {alias: known})
            outputs = ", ".join(f"{alias}.{column}" for column in columns)
            sides.append(f"select {outputs} from {text} where {self._predicate(scope, 2)}")
        word = self._rng.choice(("union", "union all", "intersect", "except"))
        return f"select * from ({sides[0]} {word} {sides[1]})", len(columns)

    def _over_a_cte(self) -> tuple[str, int]:
        """A CTE that is used twice, with different conditions."""
        text, alias, columns = self._table()
        scope = Scope(text, {alias: columns})
        inner = f"select {alias}.k, {alias}.s, {alias}.d, {alias}.day from {text} where {self._predicate(scope, 2)}"
        q = Scope("", {"q1": ("k", "s", "d", "day"), "q2": ("k", "s", "d", "day")})
        join = self._rng.choice(("join", "left join", "full join"))
        body = f"with q as ({inner}) select q1.k as a, q2.s as b, q2.d as c from q q1 {join} q q2 on q1.k = q2.k"
        return f"{body} where {self._predicate(q, 2)}", 3


def text_of(plain: str) -> str:
    """A SQL text."""
    return "'" + plain.replace("'", "''") + "'"
