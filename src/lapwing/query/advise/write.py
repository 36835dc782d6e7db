"""Adds rollups to a dataset's file as people write them; every other line stays as it is, comments included."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from lapwing.model.load import load
from lapwing.model.problem import ModelError
from lapwing.query.advise.propose import Advice
from lapwing.query.init.write import scalar


def write(root: Path, file: Path, advice: Sequence[Advice]) -> None:
    """Declares the rollups in `file`, a dataset's of the project in `root`; leaves the file alone if it would not be right
    then.

    Raises:
        ModelError: it would not.
    """
    before = file.read_bytes()
    text = before.decode("utf-8-sig")
    for one in advice:
        text = with_rollup(text, one)
    aside = file.with_name(f".{file.name}.part")
    aside.write_text(text, encoding="utf-8", newline="")
    aside.replace(file)
    try:
        load(root)
    except ModelError:
        file.write_bytes(before)
        raise


def with_rollup(text: str, one: Advice) -> str:
    """The text with one rollup more."""
    end = "\r\n" if "\r\n" in text else "\n"
    found = _rollups(text)
    if found is None:
        start = text if not text or text.endswith("\n") else text + end
        return f"{start}{end}rollups:{end}  {declared(one)}{end}"
    key, node = found
    if isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
        last = _last(node)
        at = text.find("\n", last.end_mark.index)
        indent = " " * node.value[0][0].start_mark.column
        line = f"{indent}{declared(one)}{end}"
        return f"{text}{end}{line}" if at < 0 else f"{text[: at + 1]}{line}{text[at + 1 :]}"
    if isinstance(node, yaml.MappingNode) and node.value:
        at = node.end_mark.index - 1
        return f"{text[:at].rstrip()}, {inline(one)}}}{text[node.end_mark.index :]}"
    # rollups: {} or nothing at all
    return f"{text[: key.end_mark.index]}: {{{inline(one)}}}{text[max(node.end_mark.index, key.end_mark.index + 1) :]}"


def declared(one: Advice) -> str:
    """A line of YAML, and why."""
    often = "question" if one.questions == 1 else "questions"
    return f"{inline(one)}   # advised: {one.questions:,} {often} took {one.milliseconds / 1e3:,.1f} s without it"


def inline(one: Advice) -> str:
    """The same without why."""
    dimensions, measures = (", ".join(map(scalar, names)) for names in (one.dimensions, one.measures))
    return f"{scalar(one.name)}: {{grain: {one.grain}, dimensions: [{dimensions}], measures: [{measures}]}}"


def _rollups(text: str) -> tuple[yaml.Node, yaml.Node] | None:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)  # it was read before
    return next(((key, value) for key, value in root.value if key.value == "rollups"), None)


def _last(node: yaml.Node) -> yaml.Node:
    """The last thing written in a node; a block's own end lies behind the comments that follow it."""
    while isinstance(node, (yaml.MappingNode, yaml.SequenceNode)) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node
