"""What a topic's values are is said once, and what belongs to a form stands with it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from lapwing.model.documents.kafka import TopicDocument


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"columns": {"n": "BIGINT"}, "avro": "a.avsc"}, "not columns and avro"),
        ({"json_schema": "a.json", "protobuf": "a.desc"}, "not json_schema and protobuf"),
        ({"avro": "a.avsc", "message": "shop.Order"}, "Only values in protobuf are a message"),
        ({"framed": True}, "A text is not framed"),
        ({"registry": "https://registry"}, "needs to say what its values are"),
        ({"columns": {"n": "BIGINT"}, "registry": "registry:8081"}, "registry is no URL"),
    ],
)
def test_mistakes(told: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        TopicDocument.model_validate(told)


@pytest.mark.parametrize("form", [{"columns": {"n": "BIGINT"}}, {"avro": "a"}, {"json_schema": "a"}, {"protobuf": "a"}])
def test_every_form_is_framed(form: dict[str, object]) -> None:
    assert TopicDocument.model_validate({**form, "registry": "https://registry"}).registry == "https://registry"
