"""lapwing catalog: what there is."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lapwing.cli import output
from lapwing.cli.project import open_project
from lapwing.model.names import nearest
from lapwing.model.problem import NotFound
from lapwing.model.size import counted

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

HELP = "list sources, tables, datasets, metrics and rollups"
DESCRIPTION = """Lists what there is, or tells all about one thing of it.

  lapwing catalog
  lapwing catalog cancel_rate
  lapwing catalog tag:punctuality
  lapwing catalog files.flights"""
_KINDS = ("sources", "tables", "datasets", "metrics", "rollups")


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="a source, table, dataset, metric, rollup or tag:NAME")


def run(options: Namespace) -> int:
    from lapwing.model.tags import tag_of
    from lapwing.server.describe import catalog

    with open_project(options) as lapwing:
        found = catalog(lapwing)
        tag = tag_of(options.name or "")
        if tag is not None:
            found = _tagged(found, tag)
        elif options.name:
            found = _named(found, options.name, lapwing)
    if options.json:
        output.write_json(found)
    else:
        print("\n".join(_details(found) if options.name and tag is None else _list(found)))
    return 0


def _tagged(found: dict[str, Any], tag: str) -> dict[str, Any]:
    """The metrics with a tag.

    Raises:
        NotFound: there are none; with the nearest tags.
    """
    from lapwing.model.tags import PREFIX

    metrics = [entry for entry in found["metrics"] if tag in entry["tags"]]
    if not metrics:
        near = nearest(tag, {one for entry in found["metrics"] for one in entry["tags"]})
        near = tuple(f"{PREFIX}{one}" for one in near)
        raise NotFound.of("unknown-tag", f"No metric has the tag {tag}.", nearest=near)
    return {kind: metrics if kind == "metrics" else [] for kind in _KINDS}


def _named(found: dict[str, Any], name: str, lapwing: Lapwing) -> dict[str, Any]:
    """The thing of that name with a key `is`.

    Raises:
        NotFound: there is none; with the nearest names.
    """
    names: list[str] = []
    for kind in _KINDS:
        for entry in found[kind]:
            called = {entry.get("path"), entry.get("name"), entry.get("short")} - {None}
            if name in called:
                return {"is": kind[:-1], **entry}
            names += sorted(called)
    raise NotFound.of(
        "unknown-name",
        f"{lapwing.project.name} has no {name}.",
        nearest=nearest(name, names),
        hint="`lapwing catalog` lists everything.",
    )


def _list(found: dict[str, Any]) -> Iterator[str]:
    for kind in _KINDS:
        if not found[kind]:
            continue
        yield f"{kind}:"
        lines = [_line(kind, entry) for entry in found[kind]]
        width = max(len(name) for name, _ in lines)
        yield from (f"  {name:<{width}}  {says}".rstrip() for name, says in lines)


def _line(kind: str, entry: dict[str, Any]) -> tuple[str, str]:
    match kind:
        case "sources":
            state = (
                counted(entry["tables"], "table")
                if entry["state"] == "ok"
                else f"failed: {entry['problem']['message']}"
            )
            return entry["name"], f"{entry['type']}, {state}"
        case "tables":
            rows = "rows unknown" if entry["rows"] is None else f"about {counted(entry['rows'], 'row')}"
            return entry["path"], f"{rows}, {counted(len(entry['columns']), 'column')}"
        case "datasets":
            return entry["name"], f"data until {entry['data_until'] or 'not known'}. {entry['description']}"
        case "metrics":
            unit = f" [{entry['unit']}]" if entry["unit"] else ""
            tags = f" ({', '.join(entry['tags'])})" if entry["tags"] else ""
            return entry["name"], f"{entry['label']}{unit}. {entry['description']}{tags}"
        case _:
            state = entry["refused"] or ("to be built" if entry["stale"] else f"data until {entry['data_until']}")
            return entry["name"], f"{entry['grain']} by {', '.join(entry['dimensions']) or 'nothing'}; {state}"


def _details(entry: dict[str, Any]) -> Iterator[str]:
    for key, value in entry.items():
        if isinstance(value, dict):
            yield f"{key}:"
            yield from (f"  {name}: {_text(one)}" for name, one in value.items())
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{key}:"
            for one in value:
                first, second, *_ = one.values()
                yield f"  {_text(first)}: {_text(second)}"
        else:
            yield f"{key}: {', '.join(map(str, value)) if isinstance(value, list) else _text(value)}"


def _text(value: object) -> str:
    return "null" if value is None else str(value)
