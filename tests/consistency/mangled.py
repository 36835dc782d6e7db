"""Statements as people, tools and attackers write them wrongly: of the cases and of the functions of the engine, changed at
random, and those that reach for what is not theirs. The same seed gives the same statements."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.consistency.cases import FILES, read_cases
from tests.consistency.kept import NEAR

from lapwing.sql.functions import allowed

DOCS = Path(__file__).parents[2] / "docs"
TABLES = ("nums", "words", "floats", "widths", "moments", "lists")
FROMS = ("", " from own.nums", " from lite.words", " from own.moments", " from parquet.lists")
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\w+|\s+|[^\w\s]")
ARGUMENTS = (
    "null", "0", "1", "-1", "3", "12", "0.5", "-0.0", "1e308", "9223372036854775807", "-9223372036854775808",
    "170141183460469231731687303715884105727", "'nan'::double", "'inf'::double", "12.345::decimal(5,3)",
    "repeat('9', 38)::decimal(38,0)", "255::utinyint", "''", "'a'", "'é'", "'🐦'", "'%'", "'['", "'$.a[*]'",
    "'{\"a\": [1, null]}'",
    "'2013-03-10'", "'UTC'", "'(a|b)*'", "'\\'", "chr(0)", "date '0001-01-01'", "timestamp 'infinity'",
    "timestamp '1969-12-31 23:59:59.999999'", "timestamptz '2013-03-10 02:30:00'", "time '23:59:59'",
    "interval '-1 month 3 days'",
    "true", "[]", "[1, null, 3]", "['a', null]", "[[1], []]", "[1.5, 2]::double[2]", "{'a': 1, 'b': 'x'}", "map {'a': 1}",
    "map {}",
    "'\\xFF\\x00'::blob", "'0101'::bit", "'a1111111-2222-3333-4444-555555555555'::uuid", "'{\"b\": 1}'::json", "id", "k", "*",
    "lambda x: x", "lambda x, y: x + y", "(select 1)", "array_agg(id)", "distinct id",
)  # fmt: skip
REACHING = (
    "insert into {t} values (1)", "update {t} set id = 1", "delete from {t}", "drop table {t}", "truncate {t}",
    "create table x as from {t}", "create or replace view {t} as select 1", "alter table {t} add column x int",
    "merge into {t} using (select 1) on true when matched then delete", "select 1; select 2", "select 1; drop table {t}",
    "copy {t} to '{f}'", "copy (from {t}) to '{f}' (format parquet)", "copy {t} from '/etc/passwd'", "export database '{f}'",
    "import database '/etc'", "attach '{f}' as x", "attach 'postgres:host=127.0.0.1' as x", "detach source_own", "use memory",
    "install httpfs", "load '{f}'", "pragma database_list", "pragma enable_profiling", "set enable_external_access = true",
    "set global memory_limit = '1TB'", "reset memory_limit", "call pragma_version()", "call enable_logging()", "checkpoint",
    "force checkpoint", "vacuum", "analyze", "begin", "commit", "prepare p as select 1", "execute p", "deallocate p",
    "create macro m(a) as a", "create secret (type s3)", "drop secret x", "comment on table {t} is 'x'",
    "explain analyze from {t}",
    "describe {t}", "show all tables", "summarize {t}", "select * from read_csv('/etc/passwd')",
    "select * from read_csv_auto('/etc/passwd')", "select * from read_text('/etc/passwd')", "select * from read_blob('/etc/*')",
    "select * from read_parquet('http://127.0.0.1:9/x.parquet')", "select * from read_json('https://example.com/x.json')",
    "select * from read_ndjson_objects('/proc/self/environ')", "select * from read_duckdb('{f}')", "select * from glob('/etc/*')",
    "select * from sniff_csv('/etc/passwd')", "select * from parquet_metadata('/etc/passwd')", "select * from '/etc/passwd'",
    "from 'http://127.0.0.1:9/x.csv'", 'from "/etc/passwd"', "select * from query('from duckdb_settings()')",
    "select * from query_table('{t}')", "select * from json_execute_serialized_sql(json_serialize_sql('select 1'))",
    "select * from duckdb_secrets()", "select * from duckdb_settings()", "select * from duckdb_logs()",
    "select * from which_secret('x', 's3')",
    "select * from pragma_database_size()", "select * from pragma_table_info('{t}')", "select * from duckdb_extensions()",
    "select * from test_all_types()", "select * from enable_logging()", "select * from seq_scan('{t}')", "select getenv('HOME')",
    "select current_setting('temp_directory')", "select write_log('x')", "select sleep_ms(1000)", "select pg_sleep(10)",
    "select nextval('s')", "select json_serialize_plan('from read_text(''/etc/passwd'')')", "select getvariable('x')",
    "select get_block_size('memory')", "select pg_get_viewdef(1)", "select current_database()", "select setseed(0.5)",
    "with x as (insert into {t} values (1) returning *) from x", "select (select content from read_text('/etc/passwd'))",
    "select 1 order by (select count(*) from glob('*'))", "select list_transform([1], lambda x: getenv('HOME'))",
    "from {t} select (from read_csv('/etc/passwd') limit 1)", "select 1 limit (select count(*) from read_blob('/etc/passwd'))",
    "select * from {t} where id in (select size from read_blob('/etc/passwd'))", "pivot '/etc/passwd' on x using count(*)",
    "from (from read_csv('/etc/passwd')) positional join {t}", "select * from {t}, lateral (from read_text(s))",
)  # fmt: skip
"""What nobody may do here: `{t}` is a table, `{f}` a file that is not there."""
_PIECES = (
    "\0", "'", '"', "$$", "$a$", "/*", "*/", "--", ";", "(", ")", "((((", "[", "]", "{", "}", "\\", "\u202e", "\ufeff", "é", "🐦",
    "\x1b[31m", "\ud7ff", "?", "$1", "$99999", ":x", "@", "#1", "99999999999999999999999999999999999999999", "1e999999", "0x",
    "0xFFFFFFFFFFFFFFFFFFFFF", "1__0", ".5.5", "::", "::int[][]", " at (timestamp => now())", " collate x", " using sample 1%",
    " union all ", " with recursive x as (from x) ", " over () ", " filter (where true) ", " exclude (id) ", " columns('.*') ",
    " order by all ", " group by all ", " limit -1 ", " limit 1e9 ", " offset null ", " distinct on (1) ", " tablesample 0 ",
    " pivot (count(*) for k in (1, 2)) ", " asof join ", " values (1) ", " from ", " select ", " where ", " having ", " qualify ",
)  # fmt: skip


def statements(seed: int) -> Iterator[str]:
    """Without end."""
    rng = random.Random(seed)
    known = [case.text for file in FILES for case in read_cases(file)] + documented()
    functions = sorted(allowed())
    while True:
        kind = rng.random()
        if kind < 0.55:
            yield mangled(placed(rng.choice(known), rng), known, rng)
        elif kind < 0.9:
            yield called(functions, rng)
        else:
            yield mangled(reaching(rng), known, rng) if rng.random() < 0.7 else reaching(rng)


def documented() -> list[str]:
    """Statements in the documentation."""
    texts = (page.read_text(encoding="utf-8") for page in sorted(DOCS.rglob("*.md")))
    return [found.strip().rstrip(";") for text in texts for found in re.findall(r"(?i)\bselect [^`\n]{10,200}", text)]


def placed(text: str, rng: random.Random) -> str:
    """With names of tables qualified by sources, mostly of one that has them."""
    source = rng.choice(NEAR[:2] if rng.random() < 0.9 else NEAR)
    return re.sub(rf"(?i)(?<=from |join )({'|'.join(TABLES)})\b", rf"{source}.\1", text)


def reaching(rng: random.Random) -> str:
    return rng.choice(REACHING).format(t=f"own.{rng.choice(TABLES)}", f="reached.file")


def called(functions: Sequence[str], rng: random.Random, depth: int = 0) -> str:
    """A function with arguments that may be of no use to it."""
    name = rng.choice(functions)
    given = [
        called(functions, rng, depth + 1).removeprefix("select ") if depth < 2 and rng.random() < 0.15 else rng.choice(ARGUMENTS)
        for _ in range(rng.choice((0, 1, 1, 2, 2, 2, 3, 3, 4)))
    ]  # fmt: skip
    written = name if name.isidentifier() else f'"{name}"'
    if not name[0].isalpha() and len(given) == 2 and rng.random() < 0.5:
        text = f"({given[0]} {name} {given[1]})"
    else:
        text = f"{written}({', '.join(given)})"
    if depth == 0:
        text += rng.choice(
            (
                "",
                "",
                "",
                " over ()",
                " over (order by id rows 2 preceding)",
                " filter (where id > 2)",
                "::varchar",
                "[1]",
                ".a",
            )
        )
        return f"select {text}{rng.choice(FROMS)}"
    return text


def mangled(text: str, others: Sequence[str], rng: random.Random) -> str:
    """With one to four mistakes."""
    tokens = _TOKEN.findall(text)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if not tokens:
            break
        at, other = rng.randrange(len(tokens)), rng.randrange(len(tokens))
        match rng.randrange(9):
            case 0:
                del tokens[at]
            case 1:
                tokens.insert(at, tokens[at])
            case 2:
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case 3:
                tokens[at] = rng.choice(_TOKEN.findall(rng.choice(others)))
            case 4:
                tokens.insert(at, rng.choice(_PIECES))
            case 5:
                tokens[at] = rng.choice(ARGUMENTS)
            case 6:
                tokens = tokens[:at]
            case 7:
                begin, end = sorted((at, other))
                tokens[end:end] = tokens[begin:end]
            case 8:
                begin, end = sorted((at, other))
                tokens[begin:end] = ["(", *tokens[begin:end], ")"]
    return "".join(tokens)
