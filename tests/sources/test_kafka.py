"""Topics of a real broker: which messages a window has, how values become columns, and what can be wrong with them."""

from __future__ import annotations

import io
import json
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer
from tests.services.base import free_port
from tests.sources.lake import opened, rows_of, split_rows, table_of, types_of

from lapwing.model.problem import LapwingError, Problem, SourceError, TimeLimit
from lapwing.model.project import Topic
from lapwing.query.ask import MetricQuery
from lapwing.query.service import Lapwing
from lapwing.sources.base import Source
from lapwing.sources.kafka_window import Stretch, narrowed
from lapwing.sources.lake_filter import Compare, Either, Every, OneOf

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
COLUMNS = {"n": ("BIGINT", None, None), "country": ("VARCHAR", "user.country", None)}


@pytest.fixture
def topic(kafka_servers: str) -> str:
    """A new topic of two partitions."""
    return made(kafka_servers, 2)


def made(servers: str, partitions: int) -> str:
    from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

    name = f"t-{uuid.uuid4().hex[:12]}"
    admin = AdminClient({"bootstrap.servers": servers})
    for future in admin.create_topics([NewTopic(name, partitions)]).values():
        future.result(30)
    led(servers, name, partitions)
    return name


def led(servers: str, topic: str, partitions: int) -> None:
    """Returns when each partition answers: a new topic is there before its leaders are."""
    from confluent_kafka import Consumer, KafkaException, TopicPartition

    consumer = Consumer({"bootstrap.servers": servers, "group.id": "led"})
    end = time.monotonic() + 30
    for partition in range(partitions):
        while True:
            try:
                consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=5)
                break
            except KafkaException:
                assert time.monotonic() < end
                time.sleep(0.05)
    consumer.close()


def send(servers: str, topic: str, messages: Iterable[tuple[int, Any, datetime]], key: str | None = None) -> None:
    """Partition, value (what is not bytes is written as JSON) and time of each."""
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": servers, "linger.ms": 0})
    for partition, value, at in messages:
        written = value if isinstance(value, bytes) or value is None else json.dumps(value).encode()
        producer.produce(topic, written, key, partition, timestamp=int(at.timestamp() * 1000))
    assert producer.flush(30) == 0


@contextmanager
def reading(servers: str, topic: str, **more: Any) -> Iterator[Source]:
    """The topic as the table s.t."""
    told = Topic(topic=topic, **{"last": 1000, "columns": COLUMNS, **more})
    with opened(type="kafka", servers=servers, topics={"t": told}) as source:
        yield source


def numbers(source: Source, where: str | None = None) -> list[int]:
    return sorted(row["n"] for row in rows_of(source, "t", where))


def test_messages_are_rows(kafka_servers: str, topic: str) -> None:
    first = {"n": 1, "user": {"country": "NZ"}, "more": [1]}
    send(kafka_servers, topic, [(0, first, NOW), (1, {"n": None}, NOW + timedelta(seconds=1)), (1, None, NOW)], "k")
    with reading(kafka_servers, topic) as source:
        assert types_of(source, "t") == {
            "n": "BIGINT",
            "country": "VARCHAR",
            "_partition": "INTEGER",
            "_offset": "BIGINT",
            "_timestamp": "TIMESTAMP WITH TIME ZONE",
            "_key": "VARCHAR",
            "_invalid": "VARCHAR",
        }
        assert table_of(source, "t").rows == 3
        rows = sorted(rows_of(source, "t"), key=lambda row: (row["_partition"], row["_offset"]))
        assert rows[0] == {
            "n": 1,
            "country": "NZ",
            "_partition": 0,
            "_offset": 0,
            "_timestamp": NOW,
            "_key": "k",
            "_invalid": None,
        }
        assert [(row["n"], row["_partition"], row["_offset"]) for row in rows[1:]] == [(None, 1, 0), (None, 1, 1)]


def test_a_window_is_of_the_latest(kafka_servers: str, topic: str) -> None:
    now = datetime.now(UTC)
    send(kafka_servers, topic, [(n % 2, {"n": n}, now - timedelta(minutes=10 * (19 - n))) for n in range(20)])
    with reading(kafka_servers, topic, last=3) as source:
        assert numbers(source) == [14, 15, 16, 17, 18, 19]
    with reading(kafka_servers, topic, last=None, window=timedelta(minutes=45)) as source:
        assert numbers(source) == [15, 16, 17, 18, 19]
    with reading(kafka_servers, topic, last=1, window=timedelta(minutes=45)) as source:
        assert numbers(source) == [18, 19]
        mark = source.mark(table_of(source, "t"))
        assert source.mark(table_of(source, "t")) == mark
        send(kafka_servers, topic, [(0, {"n": 20}, now)])
        assert source.mark(table_of(source, "t")) != mark
        assert numbers(source) == [19, 20]


def test_an_empty_topic(kafka_servers: str, topic: str) -> None:
    with reading(kafka_servers, topic, window=timedelta(hours=1)) as source:
        assert table_of(source, "t").rows == 0
        assert rows_of(source, "t") == []
        assert source.splits(table_of(source, "t"), table_of(source, "t").columns) == ()


def test_conditions_leave_messages_unread(kafka_servers: str, topic: str) -> None:
    send(kafka_servers, topic, [(n % 2, {"n": n}, NOW + timedelta(minutes=n)) for n in range(20)])
    conditions = {
        "\"_timestamp\" >= TIMESTAMPTZ '2026-01-01 12:17:00+00'": [17, 18, 19],
        '"_timestamp" > TIMESTAMPTZ \'2026-01-01 12:17:00+00\' AND "n" < 19': [18],
        "\"_timestamp\" < TIMESTAMPTZ '2026-01-01 12:02:00+00'": [0, 1],
        '"_partition" = 1 AND "_offset" >= 8': [17, 19],
        '"_offset" BETWEEN 2 AND 3': [4, 5, 6, 7],
        '"_offset" IN (1, 9)': [2, 3, 18, 19],
        '"n" % 5 = 1': [1, 6, 11, 16],
        '"_partition" = 7': [],
        "\"_timestamp\" >= TIMESTAMPTZ '2027-01-01 00:00:00+00'": [],
    }
    with reading(kafka_servers, topic) as source:
        for condition, found in conditions.items():
            assert numbers(source, condition) == found, condition
        assert len(rows_of(source, "t", limit=3)) == 3
        assert sorted(map(len, split_rows(source, "t", rows=5))) == [10, 10]


def test_where_a_condition_can_be_true() -> None:
    window = (Stretch(0, 0, 100), Stretch(1, 50, 60))

    def since(partitions: Iterable[int], moment: int) -> dict[int, int]:
        assert moment == 1_767_268_800_000
        return {number: 55 for number in partitions if number == 1}

    def left(condition: Any) -> list[str]:
        return [str(one) for one in narrowed(window, condition, since)]

    assert left(None) == ["0:0-100", "1:50-60"]
    assert left(Compare("_timestamp", ">=", NOW)) == ["1:55-60"]
    assert left(Compare("_timestamp", "<", NOW)) == ["0:0-100", "1:50-60"]
    assert left(Every((Compare("_offset", ">", 54), Compare("_offset", "<=", 70)))) == ["0:55-71", "1:55-60"]
    assert left(Every((OneOf("_partition", (1, 2)), Compare("_offset", "=", 51)))) == ["1:51-52"]
    assert left(Either((Compare("_offset", "=", 1), Compare("n", "=", 1)))) == ["0:0-100", "1:50-60"]


def test_only_what_is_committed_is_read_and_reading_ends(kafka_servers: str, topic: str) -> None:
    """Marks of transactions have offsets, too, and what is still open hides all behind it."""
    from confluent_kafka import Producer

    def begun() -> Any:
        producer = Producer({"bootstrap.servers": kafka_servers, "transactional.id": uuid.uuid4().hex})
        producer.init_transactions(30)
        producer.begin_transaction()
        return producer

    def say(producer: Any, n: int) -> None:
        producer.produce(topic, json.dumps({"n": n}).encode(), partition=0)
        producer.flush(30)

    done, given_up, open_still = begun(), begun(), begun()
    say(done, 1)
    done.commit_transaction(30)
    say(given_up, 2)
    given_up.abort_transaction(30)
    say(open_still, 3)
    send(kafka_servers, topic, [(0, {"n": 4}, NOW)])
    with reading(kafka_servers, topic) as source:
        assert numbers(source) == [1]
        open_still.commit_transaction(30)
        until = time.monotonic() + 30
        while numbers(source) == [1] and time.monotonic() < until:  # its mark is written a little later
            time.sleep(0.05)
        assert numbers(source) == [1, 3, 4]


def test_a_read_ends_while_messages_come(kafka_servers: str, topic: str) -> None:
    send(kafka_servers, topic, [(0, {"n": n}, NOW) for n in range(3000)])
    with reading(kafka_servers, topic, last=10_000) as source:
        table = table_of(source, "t")
        with source.scan(table, table.columns) as stream:
            batches = iter(stream)
            first = next(batches).num_rows  # by now its window is fixed
            send(kafka_servers, topic, [(0, {"n": n}, NOW) for n in range(3000)])
            assert first + sum(batch.num_rows for batch in batches) == 3000
        assert len(rows_of(source, "t")) == 6000


VALUES = {
    "flag": ("BOOLEAN", None, True, True),
    "small": ("SMALLINT", None, -5, -5),
    "price": ("DECIMAL(20,10)", None, 1234567890.0123456789, Decimal("1234567890.0123456789")),
    "said": ("DECIMAL(12,2)", None, "12.50", Decimal("12.50")),
    "ratio": ("double", None, 1, 1.0),
    "tree": ("text", None, {"a": [1, "ü"]}, '{"a":[1,"ü"]}'),
    "day": ("DATE", None, "2026-02-03", date(2026, 2, 3)),
    "clock": ("TIMESTAMP", None, "2026-02-03T04:05:06.000007", datetime(2026, 2, 3, 4, 5, 6, 7)),
    "moment": ("TIMESTAMPTZ", None, "2026-02-03T04:05:06+02:00", datetime(2026, 2, 3, 2, 5, 6, tzinfo=UTC)),
    "millis": ("TIMESTAMPTZ", "ms", 1767268800001, NOW + timedelta(milliseconds=1)),
    "seconds": ("TIMESTAMP", "s", 1767268800, NOW.replace(tzinfo=None)),
}


def test_every_type_of_json(kafka_servers: str, topic: str) -> None:
    sent = json.dumps({name: value for name, (_, _, value, _) in VALUES.items()})
    sent = sent.replace(json.dumps(VALUES["price"][2]), "1234567890.0123456789")  # all its digits
    columns = {name: (kind, None, unit) for name, (kind, unit, _, _) in VALUES.items()}
    send(kafka_servers, topic, [(0, sent.encode(), NOW), (0, {}, NOW)])
    with reading(kafka_servers, topic, columns=columns) as source:
        rows = sorted(rows_of(source, "t"), key=lambda row: row["_offset"])
        assert {name: rows[0][name] for name in VALUES} == {name: value for name, (*_, value) in VALUES.items()}
        assert {rows[1][name] for name in VALUES} == {None}


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        ("BIGINT", "7", "no number"),
        ("BIGINT", 7.5, "no place"),
        ("TINYINT", 300, "no place"),
        ("BOOLEAN", 1, "another type"),
        ("DECIMAL(4,2)", 123.4, "no place"),
        ("DATE", "2026-02-30", "day"),
        ("TIMESTAMPTZ", 1767268800, "unit"),
        ("TIMESTAMP", "2026-01-01T00:00:00Z", "zone"),
    ],
)
def test_a_value_of_another_type(kafka_servers: str, kind: str, value: Any, why: str) -> None:
    from lapwing.sources.kafka_values import reader_of

    reader = reader_of(Topic(topic="t", columns={"x": (kind, None, None)}))
    with pytest.raises(ValueError, match=rf"x: .*{why}"):
        reader.row(json.dumps({"x": value}).encode())


def test_messages_that_can_not_be_read(kafka_servers: str, topic: str) -> None:
    send(kafka_servers, topic, [(0, {"n": 1}, NOW), (0, b"{cut", NOW), (0, b"[1]", NOW), (0, {"n": "x"}, NOW)])
    with reading(kafka_servers, topic) as source:
        with pytest.raises(SourceError, match=r"partition 0, offset 1") as caught:
            rows_of(source, "t")
        assert caught.value.problems[0].code == "bad-value"
        assert "invalid: keep" in str(caught.value)
    with reading(kafka_servers, topic, invalid="keep") as source:
        rows = sorted(rows_of(source, "t"), key=lambda row: row["_offset"])
        assert [row["n"] for row in rows] == [1, None, None, None]
        assert [row["_invalid"] is None for row in rows] == [True, False, False, False]
        assert "n: 'x' is no number" in rows[3]["_invalid"]


def test_values_without_columns_are_texts(kafka_servers: str, topic: str) -> None:
    send(kafka_servers, topic, [(0, "grüße".encode(), NOW), (1, b"\xff", NOW)])
    with reading(kafka_servers, topic, columns={}, invalid="keep") as source:
        assert sorted((row["value"] or "", row["_invalid"] is None) for row in rows_of(source, "t")) == [
            ("", False),
            ("grüße", True),
        ]


SCHEMA = {
    "type": "record",
    "name": "click",
    "fields": [
        {"name": "n", "type": "long"},
        {"name": "country", "type": ["null", "string"]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
        {"name": "kind", "type": {"type": "enum", "name": "kind", "symbols": ["A", "B"]}},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
    ],
}


@pytest.mark.parametrize("framed", [False, True])
def test_avro(kafka_servers: str, topic: str, tmp_path: Path, framed: bool) -> None:
    (tmp_path / "click.avsc").write_text(json.dumps(SCHEMA))
    click = {"n": 7, "country": None, "at": NOW, "price": Decimal("12.50"), "kind": "B", "tags": ["x", "y"]}
    written = io.BytesIO(b"\0\0\0\0\1" if framed else b"")
    written.seek(0, io.SEEK_END)
    schemaless_writer(written, parse_schema(SCHEMA), click)
    send(kafka_servers, topic, [(0, written.getvalue(), NOW), (1, b"\1", NOW)])
    avro = {"avro": tmp_path / "click.avsc", "framed": framed, "columns": {}, "invalid": "keep"}
    with reading(kafka_servers, topic, **avro) as source:
        assert list(types_of(source, "t").values())[:6] == [
            "BIGINT",
            "VARCHAR",
            "TIMESTAMP WITH TIME ZONE",
            "DECIMAL(12,2)",
            "VARCHAR",
            "VARCHAR",
        ]
        good, bad = sorted(rows_of(source, "t"), key=lambda row: row["_partition"])
        assert {name: good[name] for name in click} == {**click, "tags": '["x","y"]'}
        assert bad["n"] is None
        assert bad["_invalid"]


def test_schemas_that_are_none(kafka_servers: str, topic: str, tmp_path: Path) -> None:
    (tmp_path / "bad.avsc").write_text('{"type": "recrod"}')
    for more in ({"avro": tmp_path / "bad.avsc", "columns": {}}, {"avro": tmp_path / "none.avsc", "columns": {}}):
        with reading(kafka_servers, topic, **more) as source, pytest.raises(SourceError, match="schema"):
            source.tables()
    with reading(kafka_servers, topic, columns={"n": ("BIGNT", None, None)}) as source:
        with pytest.raises(SourceError) as caught:
            source.tables()
        assert caught.value.problems[0].nearest[0] == "BIGINT"


def test_a_topic_that_is_not_there(kafka_servers: str) -> None:
    with reading(kafka_servers, "nothing") as source, pytest.raises(SourceError) as caught:
        source.tables()
    assert caught.value.problems[0].code == "table-vanished"


def refused(servers: str, **options: str) -> Problem:
    """What is told of brokers that let nobody in."""
    told = {"t": Topic(topic="t", last=1)}
    with (
        opened(type="kafka", servers=servers, topics=told, options=options, time_limit=2.0) as source,
        pytest.raises(SourceError) as caught,
    ):
        source.tables()
    return caught.value.problems[0]


def test_brokers_that_do_not_answer() -> None:
    told = refused(f"127.0.0.1:{free_port()}")
    assert told.code == "source-unreachable"
    assert told.message.endswith("failed: Connection refused.")
    assert "no-such-host.invalid:9092: Failed to resolve" in refused("no-such-host.invalid:9092").message


def test_brokers_that_refuse_who_asks(kafka_servers: str) -> None:
    own = {"sasl.mechanism": "PLAIN", "sasl.username": "me", "sasl.password": "hunter2"}
    told = refused(kafka_servers, **{"security.protocol": "SASL_PLAINTEXT"}, **own)
    assert told.code == "wrong-password"
    assert "hunter2" not in told.message


def test_no_version_is_told(kafka_servers: str, topic: str) -> None:
    """A topic that is made anew has the same offsets."""
    send(kafka_servers, topic, [(0, {"n": 1}, NOW)])
    with reading(kafka_servers, topic) as source:
        assert source.version(table_of(source, "t")) is None


def test_options_that_are_none() -> None:
    options = {"security.protocl": "ssl", "sasl.password": "hunter2"}
    told = {"t": Topic(topic="t", last=1)}
    with (
        opened(type="kafka", servers="127.0.0.1:1", topics=told, options=options) as source,
        pytest.raises(SourceError, match=r"security\.protocl") as caught,
    ):
        source.tables()
    assert "hunter2" not in str(caught.value)


def test_a_read_has_a_time_limit(kafka_servers: str, topic: str) -> None:
    send(kafka_servers, topic, [(0, {"n": 1}, NOW)])
    with reading(kafka_servers, topic) as source:
        table = table_of(source, "t")
        with (
            pytest.raises(TimeLimit),
            source.read(
                "SELECT count(*) AS n FROM range(1000000) a, range(1000000) b WHERE a.range * b.range % 7 = 1",
                table.columns[:1],
                time_limit=0.2,
            ) as stream,
        ):
            list(stream)
        assert numbers(source) == [1]


PROJECT = """name: p
sources:
  live:
    type: kafka
    servers: SERVERS
    topics:
      clicks:
        topic: TOPIC
        window: 36500 days
        columns: {n: BIGINT, country: {type: VARCHAR, path: user.country}, at: {type: TIMESTAMPTZ, unit: s}}
store: {type: memory}
"""
DATASET = """dataset: clicks
table: live.clicks
time: {column: at}
dimensions: {country: {}}
measures:
  clicks: {count: "*"}
  total: {sum: n}
"""


def test_metrics_of_a_topic(kafka_servers: str, topic: str, tmp_path: Path) -> None:
    """They are answered from the source; rollups would lose what falls out of the window."""
    sent = [{"n": n, "user": {"country": "NZ"}, "at": 1767268800 + n} for n in range(10)]
    send(kafka_servers, topic, [(n % 2, one, NOW) for n, one in enumerate(sent)])
    (tmp_path / "datasets").mkdir()
    (tmp_path / "lapwing.yaml").write_text(PROJECT.replace("SERVERS", kafka_servers).replace("TOPIC", topic))
    (tmp_path / "datasets" / "clicks.yaml").write_text(DATASET)
    with Lapwing.open(tmp_path) as lapwing:
        assert lapwing.check() == ()
        found = lapwing.answer(MetricQuery(metrics=("clicks", "total"), where="country = 'NZ'"))
        assert found.table.to_pylist() == [{"clicks": 10, "total": 45}]
        joined = (
            "select c._partition, sum(c.n) as s from live.clicks c join (values (0), (1)) p(id) on p.id = c._partition"
        )
        assert lapwing.sql.table(f"{joined} group by 1 order by 1").to_pylist() == [
            {"_partition": 0, "s": 20},
            {"_partition": 1, "s": 25},
        ]
    rollups = "rollups:\n  main: {grain: hour, dimensions: [country], partition: month}\n"
    (tmp_path / "datasets" / "clicks.yaml").write_text(DATASET + rollups)
    with Lapwing.open(tmp_path) as lapwing:
        report = lapwing.cache.build()
        with pytest.raises(LapwingError, match="window"):
            report.checked()
