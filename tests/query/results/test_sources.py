"""Sources that tell versions, and one that does not."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import deltalake
import psycopg
import pyarrow as pa
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]
from tests.query.results.conftest import Asked

from lapwing.query.service import Lapwing


def test_a_delta_table_holds_for_its_version(tmp_path: Path) -> None:
    rows = pa.table({"a": [1, 2]})
    deltalake.write_deltalake(str(tmp_path / "lake" / "t"), rows)
    (tmp_path / "lapwing.yaml").write_text("name: lake\nsources:\n  lake: {type: delta, path: lake}\n")
    text = "select count(*) as n from lake.t"
    with Lapwing.open(tmp_path) as lapwing:
        asked = Asked(tmp_path, lapwing)
        assert [asked.told(text), asked.told(text)] == [False, True]
        deltalake.write_deltalake(str(tmp_path / "lake" / "t"), rows, mode="append")
        assert asked.ask(text)[0]["n"].to_pylist() == [4]
        assert asked.told(text)


def test_a_view_of_postgresql_tells_none(tmp_path: Path, postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as con:
        con.execute("create schema kept_results")
        con.execute("create view kept_results.t as select 1 as a")
    project = 'name: pg\nsources:\n  pg: {type: postgres, dsn: "${PG_KEPT}", schemas: [kept_results]}\n'
    (tmp_path / "lapwing.yaml").write_text(project)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PG_KEPT", postgres_dsn)
        opened = Lapwing.open(tmp_path)
    with opened as lapwing:
        asked = Asked(tmp_path, lapwing)
        text = "select a from pg.kept_results.t"
        assert "tells no version" in asked.ask(text)[1].notes[0]
        assert not asked.told(text)
        assert [asked.told(text, max_age=3600.0) for _ in range(2)] == [False, True]


def test_a_topic_that_is_made_anew_is_read_anew(tmp_path: Path, kafka_servers: str) -> None:
    """It has the same offsets as the one before."""
    project = f"name: k\nsources:\n  live: {{type: kafka, servers: '{kafka_servers}', topics: {{again: {{}}}}}}\n"
    (tmp_path / "lapwing.yaml").write_text(project)
    text = "select value, count(*) as n from live.again group by 1"
    with Lapwing.open(tmp_path) as lapwing:
        asked = Asked(tmp_path, lapwing)
        for value in ("old", "new"):
            with topic(kafka_servers, "again", [value, value]):
                rows, receipt = asked.ask(text)
                assert rows.to_pylist() == [{"value": value, "n": 2}]
                assert "tells no version" in receipt.notes[0]


@contextmanager
def topic(servers: str, name: str, values: Sequence[str]) -> Iterator[None]:
    """A topic of one partition that has these messages."""
    admin = AdminClient({"bootstrap.servers": servers})

    def done(futures: dict[str, Any]) -> None:
        for future in futures.values():
            future.result(30)

    done(admin.create_topics([NewTopic(name, 1, 1)]))
    producer = Producer({"bootstrap.servers": servers})
    for value in values:
        producer.produce(name, value)
    assert producer.flush(30) == 0
    yield
    done(admin.delete_topics([name]))
    while name in admin.list_topics(timeout=10).topics:
        time.sleep(0.05)
