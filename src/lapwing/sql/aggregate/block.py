"""The source's own statement for a block: groups of its rows with parts of aggregates, in its dialect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from lapwing.model.problem import LapwingError
from lapwing.sources.base import Capabilities, Column, Family, Operation, Source, Table
from lapwing.sources.types import family
from lapwing.sql.aggregate.leaves import From, Node
from lapwing.sql.aggregate.parts import Parts, parts
from lapwing.sql.aggregate.rewrite import Written
from lapwing.sql.aggregate.times import written as cut_written
from lapwing.sql.aggregate.tree import Grouped, Made, Name
from lapwing.sql.capability import No
from lapwing.sql.predicate import conjuncts as parts_of
from lapwing.sql.translate import Writer
from lapwing.states.dialects import Dialect, dialect_of

_KEYS = frozenset(Family) - {Family.FLOAT}  # the engines do not agree on which floats are alike


@dataclass(frozen=True, slots=True)
class Call:
    """An aggregate as the statement has it: `argument` (None: it counts rows) and `kept` (its FILTER) as SQL over
    `stub.column`, `type` that of the argument."""

    function: str
    argument: str | None
    type: str | None
    kept: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """`table` stands for the groups; `calls` are, in order, of what the statement's aggregates are made; `keys` are the names
    of its columns for those of the tables."""

    table: Table
    calls: tuple[Parts, ...]
    keys: Mapping[Name, str]


class Unwritten(Exception):
    """A condition or a cut time, by the id of its `node`, that the source might answer otherwise."""

    def __init__(self, node: int) -> None:
        super().__init__("the source might answer a part otherwise")
        self.node = node


class BlockWriter:
    """Writes blocks over `tables` of one source, which are mentioned under these names."""

    def __init__(self, source: Source, tables: Mapping[str, Table]) -> None:
        self._source, self._tables = source, tables
        self._able = source.capabilities
        self._engine = dialect_of(self._able.dialect)
        self._writer = Writer(self._able, tables)

    def block(self, found: Grouped, texts: Written) -> Block:
        """The groups that a SELECT needs.

        Raises:
            No, Refused: a key or an argument might mean something else at the source.
            Unwritten: a condition or a cut time might.
        """
        first = found.stubs[0]
        made: dict[Call, Parts] = {}
        for call in texts.calls:
            if call not in made:
                made[call] = _parts(call, self._writer, self._engine, f"{first}g{len(made)}")
        keys = _key_columns(found, self._tables)
        names = {name: column.name for name, column in keys.items()} if len(found.stubs) == 1 else _apart(keys, found)
        columns = [replace(column, name=names[name]) for name, column in keys.items()]
        written = [_key(name, column, self._able, self._writer, self._engine) for name, column in keys.items()]
        for name, made_of in found.made.items():
            columns.append(Column(name[1], texts.made[name]))
            written.append(self._made(made_of))
            names[name] = name[1]
        quote = self._engine.quote
        selected = [f"{self._engine.as_text(sql) if _is_text(column) else sql} AS {quote(column.name)}"
                    for column, sql in zip(columns, written, strict=True)]  # fmt: skip
        selected += [f"{sql} AS {quote(column.name)}" for one in made.values() for column, sql in one.columns]
        places, where = self._from(found, texts)
        body = f"SELECT {', '.join(selected)} FROM {places}"
        body += f" WHERE {' AND '.join(where)}" if where else ""
        body += f" GROUP BY {', '.join(written)}" if written else ""
        given = {column.name: column for one in made.values() for column, _ in one.columns}
        joined = tuple(self._tables[stub].path for stub in found.stubs[1:])
        table = replace(self._tables[first], columns=(*columns, *given.values()), body=body, joined=joined)
        return Block(table, tuple(made[call] for call in texts.calls), names)

    def _from(self, found: Grouped, texts: Written) -> tuple[str, list[str]]:
        """What stands in its FROM, and in its WHERE."""
        said = {id(node): self._condition(node, texts) for node in found.conditions}
        if len(found.stubs) == 1:
            return self._placed(found.stubs[0]), _sorted_out(said.values())
        within: set[int] = set()
        places = self._joined(found.node["from_table"], found.parts, said, within)
        return places, _sorted_out(text for key, text in said.items() if key not in within)

    def _made(self, key: Made) -> str:
        """A key that is made of a column."""
        stub, name = key.column
        column = next(one for one in self._tables[stub].columns if one.name.lower() == name)
        try:
            x = self._writer.column(exp.column(column.name, table=stub, quoted=True).sql("duckdb"))
            return cut_written(key.cut, x, column.type, self._engine)
        except (No, LapwingError) as why:
            raise Unwritten(id(key.node)) from why

    def _placed(self, stub: str) -> str:
        return f"{self._source.reference(self._tables[stub])} AS {self._engine.quote(stub)}"

    def _joined(self, node: Node, parts: From, said: Mapping[int, str], within: set[int]) -> str:
        """Inner joins have their conditions in WHERE; `within` gets those that are written here."""
        if node["type"] != "JOIN":
            return self._placed(node["table_name"])
        left, right = (self._joined(node[side], parts, said, within) for side in ("left", "right"))
        right = f"({right})" if node["right"]["type"] == "JOIN" else right
        place = next(place for place, join in enumerate(parts.joins) if join is node)
        own = () if place in parts.sure else parts.conditions[place]
        within.update(id(one) for one in own)
        on = " AND ".join(_sorted_out(said[id(one)] for one in own)) or "1 = 1"
        return f"{left} {'LEFT JOIN' if node['join_type'] == 'LEFT' else 'JOIN'} {right} ON {on}"

    def _condition(self, node: Node, texts: Written) -> str:
        """ "": it holds for every row."""
        try:
            if id(node) not in texts.folded:
                return f"({self._writer.filter(texts.conditions[id(node)])})"
            raws = {f"{stub}_{at}": f"{stub}.{column.name}".lower()
                    for stub, table in self._tables.items() for at, column in enumerate(table.columns)}  # fmt: skip
            found = [self._part(text, raws) for text in texts.folded[id(node)]]
            return " AND ".join(found)
        except No as why:
            raise Unwritten(id(node)) from why

    def _part(self, text: str, raws: Mapping[str, str]) -> str:
        """A part of a condition in the engine's plan."""
        trees = parts_of(text)
        if trees is None:
            raise No("it could not be read from the engine's plan")

        def own(node: exp.Expr) -> exp.Expr:
            raw = isinstance(node, exp.Column) and node.name in raws
            return exp.column(exp.to_identifier(raws[node.name], quoted=True)) if raw else node

        return " AND ".join(f"({self._writer.condition(tree.transform(own))})" for tree in trees)


def _sorted_out(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))


def _key_columns(found: Grouped, tables: Mapping[str, Table]) -> dict[Name, Column]:
    """In the order of the tables' columns."""
    by_name: dict[Name, Column] = {}
    for stub in found.stubs:
        for column in tables[stub].columns:
            name = (stub, column.name.lower())
            if name in found.keys:
                if name in by_name:
                    raise No("several columns have one name")
                by_name[name] = column
    return by_name


def _apart(keys: Mapping[Name, Column], found: Grouped) -> dict[Name, str]:
    """Names that are different: a column's own where no other has it, else with its table's."""
    alike = [name for _, name in keys]
    tables = {leaf.stub: leaf.name for leaf in found.parts.leaves}
    names: dict[Name, str] = {}
    for (stub, name), column in keys.items():
        own = column.name if alike.count(name) == 1 else f"{tables[stub]}_{column.name}"
        while own.lower() in {one.lower() for one in (*names.values(), *(alike if own != column.name else ()))}:
            own += "_"
        names[stub, name] = own
    return names


def _parts(call: Call, writer: Writer, engine: Dialect, prefix: str) -> Parts:
    x = None if call.argument is None or call.type is None else writer.typed(call.argument, call.type)
    if call.kept is not None:
        kept = writer.filter(call.kept)
        x, type_ = f"CASE WHEN {kept} THEN {x or 1} END", call.type or "INTEGER"
        return parts(
            "count" if call.argument is None else call.function, x, type_, engine, lambda end: f"{prefix}{end}"
        )
    return parts(call.function, x, call.type, engine, lambda end: f"{prefix}{end}")


def _key(name: Name, column: Column, able: Capabilities, writer: Writer, engine: Dialect) -> str:
    """What the source groups by."""
    kind = family(column.type)
    if kind not in _KEYS or kind not in able.pushable.get(Operation.EQUAL, ()):
        raise No(f"{able.dialect} is not asked for groups of {column.type}")
    sql = writer.column(exp.column(column.name, table=name[0], quoted=True).sql("duckdb"))
    return engine.in_bytes(sql) if _is_text(column) else sql


def _is_text(column: Column) -> bool:
    return family(column.type) is Family.TEXT
