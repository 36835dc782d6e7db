"""Kafka: a topic is a table of its latest messages.

Which these are is fixed when a read begins, as offsets of each partition: it ends there, however fast new ones come. Only what
is committed is read, no offset is ever committed, and no group is joined.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

import pyarrow as pa

from lapwing.model.problem import LapwingError, Place, SourceError
from lapwing.model.project import SourceConfig, Topic
from lapwing.sources.engine import Engine
from lapwing.sources.kafka_errors import Explained, Heard, failed, said
from lapwing.sources.kafka_values import Reader, Row, reader_of, values_of
from lapwing.sources.kafka_window import SECONDS, Stretch, columns_in, latest, narrowed, offsets
from lapwing.sources.lake import DataFile, LakeSource, Name, Snapshot
from lapwing.sources.lake_filter import Condition, arrow_filter

OWN: Final = pa.schema(
    [
        pa.field("_partition", pa.int32(), nullable=False),
        pa.field("_offset", pa.int64(), nullable=False),
        pa.field("_timestamp", pa.timestamp("us", "UTC")),
        pa.field("_key", pa.string()),
        pa.field("_invalid", pa.string()),
    ]
)
"""What each message has beside its value. `_invalid` says why the value could not be read, where that is no error."""
_MESSAGES: Final = 10_000
_WAIT: Final = 0.2
_LOOK: Final = 1.0
_ALL_DOWN: Final = 3.0
"""Seconds after which it is no use to wait for brokers none of which answered."""
_STALLED: Final = 15.0
"""Seconds without a message after which the brokers are taken for gone."""


class KafkaSource(LakeSource):
    """See the module."""

    kind: ClassVar[str] = "kafka"
    marks_quickly: ClassVar[bool] = False
    """Offsets stay the same when compaction takes messages away, and come again in a topic that was made anew."""
    keeps_rows: ClassVar[bool] = False

    def __init__(self, config: SourceConfig, engine: Engine) -> None:
        super().__init__(config, engine)
        self._admin: Any = None
        self._heard = Heard()
        self._readers: dict[str, Reader] = {}

    def close(self) -> None:
        super().close()
        self._admin = None

    def _names(self) -> list[Name]:
        self._listing()  # one answer for all, where the brokers do not
        return [("", name) for name in self._config.topics]

    def _latest(self, name: Name) -> Snapshot:
        topic = self._topic(name)
        partitions = self._listing().topics.get(topic.topic)
        if partitions is None or partitions.error is not None or not partitions.partitions:
            raise self._vanished(name)
        brokers = _Brokers(self._client(), self._settings(), self.name, topic, self._place)
        with brokers.explained():
            window = latest(brokers.admin, topic, sorted(partitions.partitions), brokers.since, datetime.now(UTC))
        return KafkaSnapshot(brokers, self._reader(name), window)

    def _at(self, name: Name, version: str) -> Snapshot:
        window = tuple(Stretch.read(part) for part in version.split(",") if part)
        brokers = _Brokers(self._client(), self._settings(), self.name, self._topic(name), self._place)
        return KafkaSnapshot(brokers, self._reader(name), window)

    def _topic(self, name: Name) -> Topic:
        found = self._config.topics.get(name[1])
        if found is None:
            raise self._vanished(name)
        return found

    def _reader(self, name: Name) -> Reader:
        if name[1] not in self._readers:
            self._readers[name[1]] = reader_of(self._topic(name))
        return self._readers[name[1]]

    def _listing(self) -> Any:
        from confluent_kafka import KafkaException

        client, heard, begun = self._client(), self._heard, time.monotonic()
        until = begun + min(SECONDS, self._config.time_limit)
        while True:
            try:
                return client.list_topics(timeout=max(0.01, min(_LOOK, until - time.monotonic())))
            except KafkaException as error:
                client.poll(0)  # it tells what was heard
                now = time.monotonic()
                if now < until and heard.refusal() is None and not (heard.all_down and now > begun + _ALL_DOWN):
                    continue
                with self._lock:
                    self._admin = None  # the next one hears anew
                raise failed(self.name, self._place, heard.why() or error) from error

    def _client(self) -> Any:
        with self._lock:
            if self._admin is None:
                try:
                    from confluent_kafka.admin import AdminClient
                except ImportError as error:
                    raise SourceError.of(
                        "missing-extra",
                        "A source of type kafka needs confluent-kafka, which is not installed.",
                        place=self._place,
                        hint="Run `pip install 'lapwing[kafka]'`.",
                    ) from error
                self._heard = Heard()
                self._admin = _made(AdminClient, self._settings(), self.name, self._place, self._heard)
            return self._admin

    def _settings(self) -> dict[str, Any]:
        return {**self._config.options, "bootstrap.servers": self._config.servers, "client.id": "lapwing", **_QUIET}


_QUIET: Final[dict[str, Any]] = {"log_level": 0, "allow.auto.create.topics": False}
_READING: Final[dict[str, Any]] = {
    "group.id": "lapwing",  # the library wants one; it is never joined
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "isolation.level": "read_committed",
    "enable.partition.eof": True,
    "auto.offset.reset": "error",
}


class _Brokers:
    """What is asked about one topic."""

    def __init__(self, admin: Any, settings: Mapping[str, Any], source: str, topic: Topic, place: Place | None) -> None:
        self.admin, self.topic = admin, topic
        self._settings, self._source, self._place = settings, source, place

    def since(self, partitions: Any, moment: int) -> Mapping[int, int]:
        with self.explained():
            return offsets(self.admin, self.topic.topic, partitions, max(0, moment))

    def consumer(self, heard: Heard) -> Any:
        from confluent_kafka import Consumer

        return _made(Consumer, {**self._settings, **_READING}, self._source, self._place, heard)

    def explained(self) -> Explained:
        return Explained(self._source, self._place)

    def failed(self, error: object) -> LapwingError:
        return failed(f"{self._source}.{self.topic.topic}", self._place, error)


class KafkaSnapshot(Snapshot):
    """Messages by their offsets. What retention takes away meanwhile is an error of the read."""

    bytes = None

    def __init__(self, brokers: _Brokers, reader: Reader, window: tuple[Stretch, ...]) -> None:
        self._brokers, self._reader, self._window = brokers, reader, window
        self.version = self.mark = ",".join(map(str, window))
        self.schema = pa.schema([*reader.schema, *OWN])
        self.rows = sum(one.high - one.low for one in window)

    def files(self, column: str | None = None) -> Sequence[DataFile] | None:
        return [DataFile(str(one), str(one), one.high - one.low) for one in self._window if one.low < one.high]

    def read(
        self, names: Sequence[str], condition: Condition | None, paths: Collection[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        window = [one for one in self._window if paths is None or str(one) in paths]
        kept = narrowed(window, condition, self._brokers.since)
        asked = None if condition is None else arrow_filter(condition, self.schema)
        needed = pa.schema([one for one in self.schema if one.name in names or one.name in columns_in(condition)])
        for messages in _messages(self._brokers, kept):
            batch = self._batch(messages, needed)
            yield (batch if asked is None else batch.filter(asked)).select(list(names))

    def _batch(self, messages: Sequence[Any], needed: pa.Schema) -> pa.RecordBatch:
        """Every value is read, whatever is needed of it: one that can't be is told in any case."""
        read = [self._read(message) for message in messages]
        rows, wrong = [row for row, _ in read], [why for _, why in read]
        own: dict[str, Callable[[], list[Any]]] = {
            "_partition": lambda: [message.partition() for message in messages],
            "_offset": lambda: [message.offset() for message in messages],
            "_timestamp": lambda: [_microseconds(message) for message in messages],
            "_key": lambda: [_text(message.key()) for message in messages],
            "_invalid": lambda: wrong,
        }
        arrays = [
            pa.array(own[one.name]() if one.name in own else values_of(one.name, rows), one.type) for one in needed
        ]
        if not arrays:  # nothing but the number of rows is asked
            return pa.RecordBatch.from_struct_array(pa.array([{}] * len(messages), pa.struct([])))
        return pa.RecordBatch.from_arrays(arrays, schema=needed)

    def _read(self, message: Any) -> tuple[Row | None, str | None]:
        value = message.value()
        if value is None:  # a key that was deleted
            return None, None
        try:
            return self._reader.row(value), None
        except ValueError as error:
            if self._brokers.topic.invalid == "keep":
                return None, str(error)
            where = f"partition {message.partition()}, offset {message.offset()}"
            raise SourceError.of(
                "bad-value",
                f"A message of {self._brokers.topic.topic} ({where}) can't be read: {error}.",
                place=self._brokers.topic.place,
                hint="Write `invalid: keep` to have such messages as rows of nulls, with the reason in _invalid.",
            ) from error


def _messages(brokers: _Brokers, window: Sequence[Stretch]) -> Iterator[list[Any]]:
    """The messages, some at a time; an empty list now and then, while none come."""
    from confluent_kafka import KafkaError, TopicPartition

    if not window:
        return
    ends = {one.partition: one.high for one in window}
    at = {one.partition: one.low for one in window}
    told = Heard()
    with closing(brokers.consumer(told)) as consumer:
        consumer.assign([TopicPartition(brokers.topic.topic, one.partition, one.low) for one in window])
        heard = time.monotonic()
        while ends:
            most = min(_MESSAGES, sum(high - at[number] for number, high in ends.items()))  # else it waits for more
            messages = consumer.consume(most, _WAIT)
            found = []
            for message in messages:
                number, error = message.partition(), message.error()
                if error is not None and error.code() != KafkaError._PARTITION_EOF:
                    raise brokers.failed(error)
                high = ends.get(number)
                if high is None:
                    continue
                offset = message.offset()
                if error is None and offset < high:
                    found.append(message)
                    at[number] = offset + 1
                # At the end, or past it: what lies before it may be marks of transactions, which are no messages.
                if error is not None or offset >= high - 1:
                    del ends[number]
            if messages:
                heard = time.monotonic()
            elif time.monotonic() - heard > _STALLED:
                raise brokers.failed(told.why() or f"no message came for {_STALLED:g} s")
            yield found


def _microseconds(message: Any) -> int | None:
    kind, moment = message.timestamp()
    return None if kind == 0 else moment * 1_000


def _text(key: bytes | None) -> str | None:
    """A key that is no text is shown with what is none replaced: it is for looking, and not compared by its source."""
    return None if key is None else key.decode(errors="backslashreplace")


def _made(kind: Any, settings: Mapping[str, Any], source: str, place: Place | None, heard: Heard) -> Any:
    from confluent_kafka import KafkaException

    try:
        return kind({**settings, "error_cb": heard})
    except (KafkaException, ValueError, TypeError) as error:
        raise SourceError.of(
            "bad-option",
            f"The options of {source} are refused: {said(error)}.",
            place=place,
            hint="They are those of librdkafka, such as security.protocol.",
        ) from error


SOURCE: Final = KafkaSource
