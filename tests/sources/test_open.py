"""Each kind of source that the project file may name is there."""

from __future__ import annotations

from importlib import import_module

import pytest

from lapwing.model.documents.project import SourceDocument
from lapwing.model.problem import ModelError
from lapwing.model.project import SourceConfig
from lapwing.model.source_kinds import SOURCE_KINDS
from lapwing.sources.engine import Engine
from lapwing.sources.open import open_source


@pytest.mark.parametrize("kind", SOURCE_KINDS)
def test_a_kind_has_its_module_and_its_keys(kind: str) -> None:
    assert import_module(f"lapwing.sources.{kind}").SOURCE.kind == kind
    assert set(SOURCE_KINDS[kind].keys) <= set(SourceDocument.model_fields)


def test_another_kind_is_told_with_the_nearest() -> None:
    engine = Engine(memory_limit="64MB", threads=1)
    with pytest.raises(ModelError) as caught:
        open_source(SourceConfig(name="s", type="postgre"), engine)
    assert caught.value.problems[0].nearest == ("postgres",)
    engine.close()
