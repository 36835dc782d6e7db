"""Rollups are added to a file as people write them, and nothing else in it changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from tests.cache.project import DATASET, write_project

from lapwing.model.load import load
from lapwing.model.problem import ModelError
from lapwing.query.advise.propose import Advice
from lapwing.query.advise.write import with_rollup, write

ONE = Advice(
    dataset="trips",
    name="by_shop",
    grain="15 minutes",
    dimensions=("shop",),
    measures=("trips", "miles"),
    cells=10,
    keys=1,
    sized="counted",
    seconds=1.0,
    timed="as others",
    source_bytes=None,
    questions=40,
    milliseconds=3200.0,
    saved=3000.0,
    rows=1,
    bytes=1,
    serves=(),
)
ADDED = {"grain": "15 minutes", "dimensions": ["shop"], "measures": ["trips", "miles"]}
HEAD = "dataset: trips   # the rows\ndimensions: {shop: {}}\n"
TEXTS = [
    HEAD,
    HEAD.rstrip("\n"),
    HEAD + "rollups: {}\n",
    HEAD + "rollups:\n",
    HEAD + "rollups:   # none yet\n# the end\n",
    HEAD + "rollups: {main: {grain: day}}  # one\n",
    HEAD + "rollups:\n  main: {grain: day}   # why\n",
    HEAD + "rollups:\n  main: {grain: day}",
    HEAD + "rollups:\n    main:\n        grain: day\n        dimensions:\n        - shop   # one\n\n# then\nfill: 1\n",
    HEAD + "rollups:\n  main: {grain: day,\n    dimensions: [shop]}\n\n# then\nlabel: x\n",
    HEAD.replace("\n", "\r\n") + "rollups:\r\n  main: {grain: day}\r\n# end\r\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_else_changes(text: str) -> None:
    before, added = yaml.safe_load(text), with_rollup(text, ONE)
    after = yaml.safe_load(added)
    rollups = after.pop("rollups")
    assert rollups.pop("by_shop") == ADDED
    assert rollups == (before.pop("rollups", None) or {})
    assert after == before
    for line in text.splitlines():
        comment = line.partition("#")[2]
        assert comment in added
    two = yaml.safe_load(with_rollup(added, replace(ONE, name="other")))["rollups"]
    assert {"by_shop", "other"} <= two.keys()
    assert list(two)[-1] == "other"


def test_a_file_that_would_not_be_right_stays_as_it_is(tmp_path: Path) -> None:
    write_project(tmp_path, dataset=DATASET)
    file = tmp_path / "datasets" / "trips.yaml"
    with pytest.raises(ModelError, match="nobody"):
        write(tmp_path, file, [replace(ONE, name="new", dimensions=("nobody",))])
    assert file.read_text() == DATASET
    write(tmp_path, file, [replace(ONE, name="again")])
    rollups = load(tmp_path).datasets["trips"].rollups
    assert (rollups["again"].dimensions, rollups["again"].measures) == (("shop",), ("trips", "miles"))
    assert sorted(path.name for path in file.parent.iterdir()) == ["trips.yaml"]
