"""Mistakes in the files: each is reported with its code, file, line and column, the nearest valid thing, and all at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.model.load import check_files, load
from lapwing.model.problem import ModelError, Problem

PROJECT = """\
name: shop
timezone: Europe/Berlin
sources:
  files: {type: files, path: data}
"""
ORDERS = """\
dataset: orders
table: files.orders
time: {column: at}
joins:
  people: {table: files.people, on: person}
dimensions:
  country: {column: people.country}
  shop:
measures:
  orders: {count: "*"}
  revenue: {sum: price, unit: EUR}
metrics:
  basket: {ratio: revenue / orders}
rollups:
  main: {grain: hour, dimensions: [country], partition: month}
"""
VISITS = """\
dataset: visits
table: files.visits
time: at
dimensions: {page: }
measures: {visits: {count: "*"}}
"""
FILES = {"lapwing.yaml": PROJECT, "datasets/orders.yaml": ORDERS}

Files = Mapping[str, str | bytes | None]


def check(root: Path, files: Files, environ: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    for name, content in {**FILES, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        elif content is not None:
            path.write_bytes(content)
    project, problems = check_files(root, environ or {})
    assert (project is None) == bool(problems)
    return problems


def orders(old: str, new: str) -> Files:
    assert old in ORDERS
    return {"datasets/orders.yaml": ORDERS.replace(old, new)}


def metric(written: str) -> Files:
    """A metric x, on line 13, in the place of the one there is."""
    return orders("basket: {ratio: revenue / orders}", f"x: {written}")


def project(old: str, new: str) -> Files:
    assert old in PROJECT
    return {"lapwing.yaml": PROJECT.replace(old, new)}


def in_bigtable(more: str) -> Files:
    """A store in Bigtable with `more` of settings, at column 59 of line 3."""
    return project("sources:", f"store: {{type: bigtable, instance: projects/p/instances/i, {more}}}\nsources:")


def source(line: str) -> Files:
    return project("  files:", f"  {line}\n  files:")


def brief(problem: Problem) -> str:
    place = problem.place
    assert place
    file = (place.file or "").removeprefix("datasets/").removesuffix(".yaml")
    return f"{problem.code} {file}:{place.line}:{place.column}"


def test_the_files_as_they_are_have_no_mistake(tmp_path: Path) -> None:
    assert check(tmp_path, {}) == ()


# What is written, and what is said of it: "code file:line:column".
MISTAKES: list[tuple[str, Files, list[str]]] = [
    ("unknown key", orders("unit:", "units:"), ["unknown-key orders:11:25"]),
    ("unknown top key", orders("measures:", "measure:"), ["unknown-key orders:9:1"]),
    ("other tool's key", orders("{sum: price", "{avg: price"), ["unknown-key orders:11:13"]),
    ("list for text", orders("unit: EUR", "unit: [EUR]"), ["wrong-type orders:11:25"]),
    ("number for text", orders("unit: EUR", "label: 5"), ["wrong-type orders:11:25"]),
    ("mapping for list", orders("[country]", "{country: 1}"), ["wrong-type orders:15:23"]),
    ("text for mapping", orders('{count: "*"}', "count"), ["wrong-type orders:10:3"]),
    ("nothing", orders("price", ""), ["missing-value orders:11:3"]),
    ("key twice", orders("unit: EUR", "unit: EUR, unit: USD"), ["duplicate-key orders:11:36"]),
    ("measure twice", orders("  revenue:", "  orders: {sum: x}\n  revenue:"), ["duplicate-key orders:11:3"]),
    ("key that is a list", orders("  shop:", "  [a]: {}\n  shop:"), ["bad-key orders:8:3"]),
    ("metric and measure", orders("basket:", "orders:"), ["duplicate-name orders:13:3"]),
    ("measure and dimension", orders("  shop:", "  Revenue:"), ["duplicate-name orders:11:3"]),
    ("name with a blank", orders("  shop:", "  'my shop':"), ["bad-name orders:8:3"]),
    ("name that is taken", orders("  shop:", "  time:"), ["reserved-name orders:8:3"]),
    ("cycle of three", orders("basket: {ratio: revenue / orders}", "a: b + 1\n  b: {derived: c * 2}\n  c: a / orders"),
     ["metric-cycle orders:15:3"]),
    ("cycle of one", orders("revenue / orders", "basket / orders"), ["metric-cycle orders:13:12"]),
    ("unknown metrics", orders("revenue / orders", "revenu / order"),
     ["unknown-metric orders:13:19", "unknown-metric orders:13:28"]),
    ("unknown in quotes", orders("revenue / orders", '"revenue / ordes"'), ["unknown-metric orders:13:30"]),
    ("dimension in a metric", orders("revenue / orders", "revenue / shop"), ["unknown-metric orders:13:29"]),
    ("unknown dataset", orders("revenue / orders", "revenue / visit.visits"), ["unknown-dataset orders:13:29"]),
    ("no common dimension", {**orders("revenue / orders", "revenue / visits.visits"), "datasets/visits.yaml": VISITS},
     ["no-common-dimensions orders:13:12"]),
    ("two operators", orders("revenue / orders", "revenue / / orders"), ["bad-expression orders:13:29"]),
    ("unknown function", orders("revenue / orders", "gratest(revenue) / orders"), ["bad-expression orders:13:19"]),
    ("strange character", orders("revenue / orders", "revenue % orders"), ["bad-expression orders:13:27"]),
    ("open parenthesis", orders("revenue / orders", "(revenue / orders"), ["bad-expression orders:13:36"]),
    ("too deep", orders("revenue / orders", "(" * 3000), ["bad-expression orders:13:120"]),
    ("too large", orders("revenue / orders", "1 / (" + " + ".join(["orders"] * 300) + ")"), ["too-large orders:13:12"]),
    ("no division", orders("revenue / orders", "revenue + orders"), ["not-a-ratio orders:13:12"]),
    ("both kinds", orders("{ratio:", "{derived: orders, ratio:"), ["metric-kind orders:13:3"]),
    ("two aggregations", orders("{sum:", "{max: price, sum:"), ["measure-aggregation orders:11:3"]),
    ("no aggregation", orders("{sum: price, ", "{"), ["measure-aggregation orders:11:3"]),
    ("sum of *", orders("sum: price", 'sum: "*"'), ["bad-argument orders:11:3"]),
    ("quantile without q", orders("sum: price", "quantile: price"), ["missing-key orders:11:3"]),
    ("q out of range", orders("sum: price", "quantile: price, q: 2"), ["bad-value orders:11:30"]),
    ("q of a sum", orders("sum: price", "sum: price, q: 0.5"), ["unused-key orders:11:3"]),
    ("format", orders("unit: EUR", "format: percentage"), ["bad-value orders:11:25"]),
    ("money", orders("unit: EUR", "value: 5 euros"), ["bad-value orders:11:25"]),
    ("changes by both", orders("time:", "changes: {column: a, sql: select 1}\ntime:"), ["column-or-sql orders:3:1"]),
    ("changes by none", orders("time:", "changes: {}\ntime:"), ["column-or-sql orders:3:1"]),
    ("column and sql", orders("{column: people.country}", "{column: a, sql: b}"), ["column-and-sql orders:7:3"]),
    ("unknown join", orders("people.country", "peple.country"), ["unknown-join orders:7:13"]),
    ("join to many", orders("on: person", "on: person, many_to_one: false"), ["not-many-to-one orders:5:45"]),
    ("join on nothing", orders("on: person", "on: []"), ["wrong-type orders:5:33"]),
    ("unknown source", orders("files.orders", "file.orders"), ["unknown-source orders:2:1"]),
    ("no source", orders("files.orders", "orders"), ["bad-table orders:2:1"]),
    ("table and sql", orders("time:", "sql: select 1\ntime:"), ["table-and-sql orders:3:1"]),
    ("neither", orders("table: files.orders\n", ""), ["missing-key orders:1:1"]),
    ("no time", orders("time: {column: at}\n", ""), ["missing-key orders:1:1"]),
    ("misspelt time", orders("time:", "tiem:"), ["unknown-key orders:3:1"]),
    ("no name", orders("dataset: orders\n", ""), ["missing-key orders:1:1"]),
    ("bad duration", orders("time:", "complete_after: 2 hors\ntime:"), ["bad-duration orders:3:1"]),
    ("bad column's zone", orders("{column: at}", "{column: at, timezone: Mars}"), ["unknown-zone orders:3:20"]),
    ("bad grain", orders("grain: hour", "grain: houri"), ["bad-grain orders:15:10"]),
    ("uneven grain", orders("grain: hour", "grain: 7 minutes"), ["bad-grain orders:15:10"]),
    ("rollup's dimension", orders("[country]", "[shop, contry]"), ["unknown-dimension orders:15:42"]),
    ("rollup's measures", orders("[country]", "[shop], measures: [basket, x]"),
     ["unknown-measure orders:15:54", "unknown-measure orders:15:62"]),
    ("dimension twice", orders("[country]", "[shop, shop]"), ["duplicate-item orders:15:42"]),
    ("fine partition", orders("partition: month", "partition: hour"), ["bad-partition orders:15:46"]),
    ("equal partition", orders("grain: hour", "grain: month"), ["bad-partition orders:15:47"]),
    ("weeks", orders("grain: hour", "grain: week"), ["bad-rollup-grain orders:15:10"]),
    ("too fresh", orders("partition: month", "partition: month, freshness: 1 second"), ["bad-freshness orders:15:64"]),
    ("no length", orders("partition: month", "partition: month, freshness: often"), ["bad-duration orders:15:64"]),
    ("same dataset", {"datasets/z.yaml": ORDERS}, ["duplicate-dataset z:1:1"]),
    ("zone", project("Europe/Berlin", "Europe/Berlim"), ["unknown-zone lapwing:2:1"]),
    ("weekday", project("sources:", "week_start: sonday\nsources:"), ["bad-week-start lapwing:3:1"]),
    ("relative now", project("sources:", "now: -7d\nsources:"), ["relative-time lapwing:3:1"]),
    ("no such day", project("sources:", "now: 2013-02-30\nsources:"), ["bad-time lapwing:3:1"]),
    ("event", project("sources:", "events:\n  - {name: x, start: 2013-02, end: 2013-01}\nsources:"),
     ["from-after-to lapwing:4:31"]),
    ("source type", project("type: files", "type: parquet"), ["bad-value lapwing:4:11"]),
    ("source place", project("path: data", "dsn: data"), ["missing-key lapwing:4:3"]),
    ("a lake without a place", source("crm: {type: iceberg}"), ["missing-key lapwing:4:3"]),
    ("a lake in two places", source("crm: {type: iceberg, path: x, catalog: {type: rest}}"), ["missing-key lapwing:4:3"]),
    ("a catalog of delta", source("crm: {type: delta, path: x, catalog: {type: rest}}"), ["unused-key lapwing:4:3"]),
    ("the secret of a catalog", source("crm: {type: iceberg, catalog: {type: rest, token: hunter2}}"),
     ["plain-secret lapwing:4:46"]),
    ("half of a key, in plain", source("crm: {type: delta, path: 's3://x', storage: {secret_key: hunter2}}"),
     ["missing-key lapwing:4:38", "plain-secret lapwing:4:48"]),
    ("an endpoint", source("crm: {type: delta, path: 's3://x', storage: {endpoint: 'h:9000'}}"), ["bad-endpoint lapwing:4:38"]),
    ("a storage of nothing known", source("crm: {type: delta, path: 's4://x/y'}"), ["bad-path lapwing:4:22"]),
    ("a database in a storage", source("crm: {type: sqlite, path: 's3://x/y.db'}"), ["bad-path lapwing:4:23"]),
    ("source name", source("metrics: {type: files, path: x}"), ["reserved-name lapwing:4:3"]),
    ("no dsn", source("crm: {type: postgres, dsn: somewhere}"), ["bad-dsn lapwing:4:25"]),
    ("the dsn of another", source("crm: {type: mariadb, dsn: postgresql://a@b/c}"), ["bad-dsn lapwing:4:24"]),
    ("plain password", source("crm: {type: postgres, dsn: 'postgresql://u:hunter2@h/d'}"), ["plain-secret lapwing:4:25"]),
    ("no catalog", source("lake: {type: trino, dsn: 'trino://a@b:8080'}"), ["bad-dsn lapwing:4:23"]),
    (
        "address of an engine",
        {"lapwing.yaml": "name: shop\nengine: {type: trino, dsn: 'pg://a'}\nsources: {files: {type: files, path: data}}\n"},
        ["bad-dsn lapwing:2:1"],
    ),
    ("session of another", source("crm: {type: postgres, dsn: 'postgresql://a@b', session: {a: b}}"), ["unused-key lapwing:4:3"]),
    ("plain token", source("lake: {type: trino, dsn: 'trino://a@b/c?access_token=h2'}"), ["plain-secret lapwing:4:23"]),
    ("plain password there", source("crm: {type: mariadb, dsn: 'mysql://u:hunter2@h/d'}"), ["plain-secret lapwing:4:24"]),
    ("plain pair", source("crm: {type: postgres, dsn: 'host=h password=hunter2'}"), ["plain-secret lapwing:4:25"]),
    ("half plain", source("crm: {type: postgres, dsn: 'postgresql://u:hunter2${TOKEN}@h'}"),
     ["plain-secret lapwing:4:25", "unset-variable lapwing:4:25"]),
    ("plain key", source("crm: {type: postgres, dsn: 'host=h', password: hunter2}"),
     ["plain-secret lapwing:4:40", "unknown-key lapwing:4:40"]),
    ("unset variable", source("crm: {type: postgres, dsn: '${CRM_DSN}'}"), ["unset-variable lapwing:4:25"]),
    ("bad variable", source("crm: {type: postgres, dsn: '${CRM-DSN}'}"), ["bad-variable lapwing:4:25"]),
    ("monitors", project("sources:", "monitors:\n  a: {metric: baskt, grain: day}\n"
     "  b: {metric: basket, grain: day, by: [shp], slice: {county: DE}}\n"
     "  c: {metric: basket, grain: day, sensitivity: 2}\nsources:"),
     ["unknown-metric lapwing:4:7", "unknown-dimension lapwing:5:40", "unknown-dimension lapwing:5:54",
      "bad-value lapwing:6:35"]),
    ("no window", metric("{cumulative: orders, window: 0 days}"), ["bad-length orders:13:27"]),
    ("misspelt window", metric("{cumulative: orders, window: 28 dyas}"), ["bad-length orders:13:27"]),
    ("a window without a unit", metric("{cumulative: orders, window: 28}"), ["bad-length orders:13:27"]),
    ("window and to date", metric("{cumulative: orders, window: 7 days, to_date: month}"),
     ["window-and-to-date orders:13:3"]),
    ("to date of hours", metric("{cumulative: orders, to_date: 6 hours}"), ["bad-period orders:13:27"]),
    ("to date of nothing known", metric("{cumulative: orders, to_date: mnth}"), ["bad-grain orders:13:27"]),
    ("change against nothing", metric("{change: orders, as: ratio}"), ["missing-key orders:13:3"]),
    ("change against no time", metric("{change: orders, against: last week}"), ["bad-length orders:13:23"]),
    ("change as something", metric("{change: orders, against: week, as: percentage}"), ["bad-value orders:13:38"]),
    ("window of a change", metric("{change: orders, against: week, window: week}"), ["unused-key orders:13:3"]),
    ("against of a ratio", metric("{ratio: revenue / orders, against: week}"), ["unused-key orders:13:3"]),
    ("as of a cumulative", metric("{cumulative: orders, as: percent}"), ["unused-key orders:13:3"]),
    ("two kinds", metric("{cumulative: orders, change: orders}"), ["metric-kind orders:13:3"]),
    ("cumulative of nothing known", metric("{cumulative: ordrs}"), ["unknown-metric orders:13:19"]),
    ("cumulative of no expression", metric("{cumulative: orders +}"), ["bad-expression orders:13:27"]),
    ("cumulative of a number", metric("{cumulative: 1 + 1}"), ["no-measure orders:13:7"]),
    ("a number", metric("1 + 1"), ["no-measure orders:13:3"]),
    ("cumulative of a change", metric("{cumulative: y}\n  y: {change: orders, against: week}"),
     ["not-to-gather orders:13:19"]),
    ("cumulative of a cumulative", metric("{cumulative: 2 * y, window: week}\n  y: {cumulative: orders}"),
     ["not-to-gather orders:13:23"]),
    ("change of itself", metric("{change: y, against: week}\n  y: {cumulative: x}"), ["metric-cycle orders:14:7"]),
    ("other words", metric("{rolling: orders, trailing: week}"),
     ["unknown-key orders:13:7", "unknown-key orders:13:24"]),
    ("conversion without key and time", metric("{conversion: {from: orders, to: orders}}"),
     ["missing-key orders:13:7"]),
    ("conversion of unknown steps", metric("{conversion: {from: ordrs, to: visits.seen, by: person, within: 2 days}}"),
     ["unknown-metric orders:13:26", "unknown-dataset orders:13:37"]),
    ("conversion of a metric", metric("{conversion: {from: basket, to: orders, by: person, within: 2 days}}\n"
     "  basket: {ratio: revenue / orders}"), ["not-a-step orders:13:26"]),
    ("conversion in months", metric("{conversion: {from: orders, to: orders, by: person, within: 1 month}}"),
     ["bad-duration orders:13:58"]),
    ("conversion at once", metric("{conversion: {from: orders, to: orders, by: person, within: 0}}"),
     ["bad-duration orders:13:7"]),
    ("conversion by nothing", metric("{conversion: {from: orders, to: orders, by: [], within: 2 days}}"),
     ["wrong-type orders:13:46"]),
    ("a step with blanks around it",
     metric("{conversion: {from: ' orders.orders ', to: orders, by: person, within: 2 days}}\n  x_converted: orders + 1"),
     ["duplicate-name orders:13:3"]),
    ("two of what a conversion makes", metric("{conversion: {from: orders, to: orders, by: person, within: 2 days}}\n"
     "  X_converted: orders + 1"), ["duplicate-name orders:13:3"]),
    ("a measure made by a conversion with a mistake",
     metric("{conversion: {from: ordrs, to: orders, by: person, within: 2 days}}\n  y: 2 * x_converted"),
     ["unknown-metric orders:13:26"]),
    ("distinct metric", orders("basket: {ratio: revenue / orders}", "x: {distinct: shop}"), ["not-yet orders:13:7"]),
    ("exact", orders("{sum: price", "{distinct: price, exact: true"), ["not-yet orders:11:30"]),
    ("access", orders("rollups:", "access: []\nrollups:"), ["not-yet orders:14:1"]),
    ("no instance's name", project("sources:", "store: {type: bigtable, instance: x}\nsources:"),
     ["bad-instance lapwing:3:25"]),
    ("no table's name", project("sources:", "store: {type: bigtable, table: a/b, instance: projects/p/instances/i}\nsources:"),
     ["bad-table lapwing:3:25"]),
    ("no instance", project("sources:", "store: {type: bigtable}\nsources:"), ["missing-key lapwing:3:1"]),
    ("not of this store", project("sources:", "store: {type: bigtable, instance: projects/p/instances/i, path: x}\nsources:"),
     ["unused-key lapwing:3:1"]),
    ("reads of a folder", project("sources:", "store: {reads: {attempt: 1}}\nsources:"), ["unused-key lapwing:3:1"]),
    ("a misspelt setting", in_bigtable("writes: {batch_row: 1}"), ["unknown-key lapwing:3:68"]),
    ("an attempt longer than all", in_bigtable("reads: {attempt: 11}"), ["out-of-order lapwing:3:59"]),
    ("a batch larger than all", in_bigtable("writes: {batch_bytes: 64MiB}"), ["out-of-order lapwing:3:59"]),
    ("too many rows", in_bigtable("writes: {batch_rows: 1000000}"), ["bad-value lapwing:3:68"]),
    ("bytes without a unit", in_bigtable("writes: {batch_bytes: '4'}"), ["bad-size lapwing:3:68"]),
    ("missing bracket", orders("{column: at}", "{column: at"), ["yaml-syntax orders:4:6"]),
    ("tab", orders("  shop:", "\tshop:"), ["yaml-tab orders:8:1"]),
    ("latin-1", {"datasets/orders.yaml": b"dataset: orders\ntable: \xff\n"}, ["not-utf8 orders:2:8"]),
    ("control character", {"lapwing.yaml": "name: a\x01b"}, ["yaml-syntax lapwing:1:8"]),
    ("empty file", {"datasets/orders.yaml": "# nothing yet\n"}, ["empty-file orders:1:1"]),
    ("a list", {"datasets/orders.yaml": "- a\n"}, ["not-a-mapping orders:1:1"]),
    ("text", {"lapwing.yaml": "hello"}, ["not-a-mapping lapwing:1:1"]),
    ("alias to itself", orders("[country]", "&a [*a]"), ["yaml-syntax orders:1:1"]),
    ("endless nesting", {"datasets/orders.yaml": "a: " + "[" * 5000}, ["yaml-syntax orders:1:1003"]),
]  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_mistakes(tmp_path: Path, files: Files, expected: list[str]) -> None:
    problems = check(tmp_path, files)
    assert [brief(problem) for problem in problems] == expected
    for problem in problems:
        assert "hunter2" not in str(problem.as_dict())
        assert problem.message.endswith(".")
        assert not any("object at" in text or "pydantic" in text for text in (problem.message, problem.hint or ""))


@pytest.mark.parametrize(
    ("files", "nearest"),
    [
        (orders("unit:", "units:"), "unit"),
        (orders("{sum: price", "{avg: price"), "mean"),
        (orders("revenue / orders", "revenu / orders"), "revenue"),
        (orders("revenue / orders", "gratest(revenue) / orders"), "greatest"),
        (orders("grain: hour", "grain: houri"), "hour"),
        (orders("[country]", "[contry]"), "country"),
        (orders("people.country", "peple.country"), "people.country"),
        (orders("files.orders", "file.orders"), "files.orders"),
        (orders("files.orders", "orders"), "files.orders"),
        (orders("unit: EUR", "format: percentage"), "percent"),
        (project("Europe/Berlin", "Europe/Berlim"), "Europe/Berlin"),
        (project("type: files", "type: parquet"), "files"),
        ({**orders("revenue / orders", "revenue / visits"), "datasets/visits.yaml": VISITS}, "visits.visits"),
    ],
)
def test_the_nearest_valid_thing(tmp_path: Path, files: Files, nearest: str) -> None:
    (problem,) = check(tmp_path, files)
    assert problem.nearest[0] == nearest


def test_the_path_of_a_cycle(tmp_path: Path) -> None:
    (problem,) = check(tmp_path, orders("basket: {ratio: revenue / orders}", "a: b + 1\n  b: c * 2\n  c: a / orders"))
    assert "a -> b -> c -> a" in problem.message


def test_a_cycle_across_datasets(tmp_path: Path) -> None:
    files = orders("revenue / orders", "visits.rate / orders")
    visits = VISITS.replace("{page: }", "{shop: }") + "metrics: {rate: visits / orders.basket}\n"
    (problem,) = check(tmp_path, {**files, "datasets/visits.yaml": visits})
    assert "orders.basket -> visits.rate -> orders.basket" in problem.message


def test_all_at_once_across_files(tmp_path: Path) -> None:
    files = {
        **project("Europe/Berlin", "Europe/Berlim"),
        "datasets/orders.yaml": ORDERS.replace("unit:", "units:")
        .replace("revenue / orders", "revenu / orders")
        .replace("[country]", "[contry]"),
        "datasets/visits.yaml": VISITS.replace("table:", "tabel:"),
        "monitors/team.yaml": "monitors: {m: {metric: baskt, grain: dya}}\n",
    }
    assert [brief(problem) for problem in check(tmp_path, files)] == [
        "unknown-zone lapwing:2:1",
        "unknown-key orders:11:25",
        "unknown-metric orders:13:19",
        "unknown-dimension orders:15:36",
        "unknown-key visits:2:1",
        "bad-grain monitors/team:1:31",
    ]


def test_what_is_only_wrong_is_not_called_unknown(tmp_path: Path) -> None:
    wrong_measure = orders("unit: EUR", "unit: [EUR]")
    monitor = {"monitors/a.yaml": "monitors: {m: {metric: basket, grain: day}, n: {metric: revenue, grain: day}}\n"}
    assert [p.code for p in check(tmp_path, {**wrong_measure, **monitor})] == ["wrong-type"]
    assert [p.code for p in check(tmp_path, {"datasets/orders.yaml": "a: [", **monitor})] == ["yaml-syntax"]


def test_a_missing_project(tmp_path: Path) -> None:
    (tmp_path / "lapwing.yml").write_text("name: x\n")
    (problem,) = check_files(tmp_path, {})[1]
    assert (problem.code, problem.nearest) == ("no-project", ("lapwing.yml",))
    assert "lapwing init" in (problem.hint or "")
    (problem,) = check_files(tmp_path / "nowhere", {})[1]
    assert problem.code == "no-project"


def test_load_raises_all_problems(tmp_path: Path) -> None:
    assert check(tmp_path, orders("revenue / orders", "a / b"))
    with pytest.raises(ModelError) as caught:
        load(tmp_path, {})
    assert len(caught.value.problems) == 2
    assert "datasets/orders.yaml:13:19" in str(caught.value)


def test_an_unset_variable_is_named_with_likely_ones(tmp_path: Path) -> None:
    (problem,) = check(tmp_path, source("crm: {type: postgres, dsn: '${CRM_DSN}'}"), {"CRM_DNS": "x", "OTHER": "y"})
    assert "CRM_DSN" in problem.message
    assert problem.nearest == ("CRM_DNS",)
    assert "CRM_DSN_FILE" in (problem.hint or "")


def test_an_unreadable_secret_file(tmp_path: Path) -> None:
    environ = {"CRM_DSN_FILE": str(tmp_path / "nowhere")}
    (problem,) = check(tmp_path, source("crm: {type: postgres, dsn: '${CRM_DSN}'}"), environ)
    assert (problem.code, "CRM_DSN_FILE" in problem.message) == ("unreadable-secret", True)


def test_an_empty_group_holds_nothing(tmp_path: Path) -> None:
    empty = orders("  main:", "#  main:")
    assert check(tmp_path, {"lapwing.yaml": PROJECT + "monitors:\nevents:\n", **empty}) == ()


PIECES = [
    "",
    " ",
    "\n",
    "\t",
    ":",
    "{",
    "}",
    "[",
    "]",
    "-",
    ",",
    "'",
    '"',
    "*",
    "&a",
    "null",
    "1",
    "orders",
    "${X}",
    "<<",
]


@settings(max_examples=150)
@given(
    edits=st.lists(
        st.tuples(st.booleans(), st.integers(0, 500), st.integers(0, 20), st.sampled_from(PIECES)),
        min_size=1,
        max_size=4,
    )
)
def test_any_damage_is_a_list_of_problems(edits: list[tuple[bool, int, int, str]]) -> None:
    texts = {True: PROJECT, False: ORDERS}
    for which, start, length, piece in edits:
        text = texts[which]
        start %= len(text) + 1
        texts[which] = text[:start] + piece + text[start + length :]
    with TemporaryDirectory() as folder:
        problems = check(Path(folder), {"lapwing.yaml": texts[True], "datasets/orders.yaml": texts[False]})
    for problem in problems:
        assert problem.place
        assert problem.place.file
        assert (problem.place.line or 1) <= max(text.count("\n") for text in texts.values()) + 2
