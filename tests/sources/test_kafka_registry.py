"""Values of Avro by the schema that each was written by. The registry is a double of its REST API."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer
from tests.services.base import free_port
from tests.sources.lake import rows_of
from tests.sources.test_kafka import made, reading, send

from lapwing.model.problem import SourceError
from lapwing.model.project import Topic
from lapwing.sources.kafka_values import Reader, reader_of


def record(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "record", "name": "order", "fields": list(fields)}


OLD = record({"name": "n", "type": "int"}, {"name": "gone", "type": "string"})
NOW = record(
    {"name": "n", "type": "long"},
    {"name": "country", "type": ["null", "string"], "default": None},
    {"name": "by", "type": "string", "default": "web"},
)
OTHER = record({"name": "n", "type": "string"})
SCHEMAS = {
    1: {"schema": json.dumps(OLD)},
    2: {"schema": json.dumps(NOW)},
    3: {"schema": json.dumps(OTHER)},
    4: {"schema": "{}", "schemaType": "PROTOBUF"},
    5: {"schema": json.dumps(NOW), "references": [{"name": "x", "subject": "x", "version": 1}]},
    6: {"schema": '{"type": "recrod"}'},
}


@contextmanager
def registry(
    password: str = "right", schemas: Mapping[int, Mapping[str, Any]] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Its URL, with a user and a password, and the paths that it was asked for."""
    asked: list[str] = []
    has = SCHEMAS if schemas is None else schemas

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *given: object) -> None:
            pass

        def do_GET(self) -> None:
            asked.append(self.path)
            number = int(self.path.rpartition("/")[2].partition("?")[0])
            known = self.headers.get("Authorization") == "Basic cmVhZGVyOnJpZ2h0"
            status = 401 if not known else 200 if number in has else 404
            body = json.dumps(has.get(number, {"error_code": 40403})).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://reader:{password}@127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        server.server_close()


def framed(number: int, schema: dict[str, Any], row: dict[str, Any]) -> bytes:
    out = io.BytesIO(b"\0" + number.to_bytes(4, "big"))
    out.seek(0, io.SEEK_END)
    schemaless_writer(out, parse_schema(schema), row)
    return out.getvalue()


def reader(folder: Path, url: str) -> Reader:
    (folder / "order.avsc").write_text(json.dumps(NOW))
    return reader_of(Topic(topic="orders", avro=folder / "order.avsc", registry=url))


OLD_VALUE = framed(1, OLD, {"n": 7, "gone": "x"})
NEW_VALUE = framed(2, NOW, {"n": 1 << 40, "country": "NL", "by": "app"})


def test_values_of_any_version_are_of_the_tables_schema(tmp_path: Path) -> None:
    with registry() as (url, asked):
        read = reader(tmp_path, url)
        assert read.schema.names == ["n", "country", "by"]
        for _ in range(3):
            assert read.row(OLD_VALUE) == {"n": 7, "country": None, "by": "web"}
            assert read.row(NEW_VALUE) == {"n": 1 << 40, "country": "NL", "by": "app"}
        assert asked == ["/schemas/ids/1", "/schemas/ids/2"]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (framed(3, OTHER, {"n": "x"}), "its schema in the registry is not one of the topic's"),
        (framed(4, OLD, {"n": 7, "gone": "x"}), "of PROTOBUF"),
        (framed(5, OLD, {"n": 7, "gone": "x"}), "refers to others"),
        (framed(6, OLD, {"n": 7, "gone": "x"}), "none of Avro"),
        (framed(99, OLD, {"n": 7, "gone": "x"}), "has no schema 99"),
        (b"\1" + OLD_VALUE[1:], "not framed"),
        (b"\0\0\0", "not framed"),
        (NEW_VALUE[:-1], "no such value"),
        (OLD_VALUE + b"x", "more behind"),
    ],
)
def test_values_that_cannot_be_read_say_why(tmp_path: Path, value: bytes, says: str) -> None:
    with registry() as (url, _), pytest.raises(ValueError, match=says):
        reader(tmp_path, url).row(value)


def test_a_registry_that_refuses_or_is_not_there(tmp_path: Path) -> None:
    with registry("wrong") as (url, _), pytest.raises(SourceError, match="answered 401") as caught:
        reader(tmp_path, url).row(OLD_VALUE)
    assert caught.value.problems[0].code == "wrong-password"
    with pytest.raises(SourceError, match="can't be asked") as caught:
        reader(tmp_path, f"http://reader:hush@127.0.0.1:{free_port()}").row(OLD_VALUE)
    assert caught.value.problems[0].code == "source-unreachable"
    assert "hush" not in str(caught.value)


def test_a_topic_whose_schema_went_on(kafka_servers: str, tmp_path: Path) -> None:
    topic, at = made(kafka_servers, 1), datetime.now(UTC)
    send(kafka_servers, topic, [(0, one, at) for one in (OLD_VALUE, NEW_VALUE, framed(99, OLD, {"n": 7, "gone": "x"}))])
    (tmp_path / "order.avsc").write_text(json.dumps(NOW))
    with registry() as (url, _):
        more = {"avro": tmp_path / "order.avsc", "registry": url, "columns": {}, "invalid": "keep"}
        with reading(kafka_servers, topic, **more) as source:
            rows = sorted(rows_of(source, "t"), key=lambda row: row["_offset"])
    assert [(row["n"], row["country"], row["by"]) for row in rows[:2]] == [(7, None, "web"), (1 << 40, "NL", "app")]
    assert "no schema 99" in rows[2]["_invalid"]
