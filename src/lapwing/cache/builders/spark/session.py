"""A session of Spark: found, started with what the project says, and told what is wrong where it does not start."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from lapwing.cache.builders.spark.masters import check_reachable, check_session
from lapwing.model.problem import LapwingError, Refused, SourceError
from lapwing.model.project import SparkConfig, StoreConfig
from lapwing.states.dialects import dialect_of

_SETTINGS: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.pythonUDF.arrow.enabled": "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
_EMULATORS: Final = ("BIGTABLE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST", "BIGQUERY_STORAGE_EMULATOR_HOST")
_LOCAL: Final = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


def check_spark(config: SparkConfig, store: StoreConfig) -> None:
    """Raises:
    Refused: Spark or Java is not installed, or its workers could not reach the store.
    """
    if importlib.util.find_spec("pyspark") is None:
        raise Refused.of("missing-extra", "Spark is not installed.", hint="Install it: pip install 'lapwing[spark]'")
    if not config.master.startswith("spark://") and java() is None:
        home = os.environ.get("JAVA_HOME")
        looked = f"JAVA_HOME ({home}, which has no bin/java)" if home else "JAVA_HOME (not set)"
        raise Refused.of(
            "missing-java",
            f"Spark needs Java. Looked for, in this order: {looked}; java on the PATH (not there).",
            hint="Install Java 17 or later, or set JAVA_HOME.",
        )
    if store.type == "memory":
        raise Refused.of(
            "store-out-of-reach",
            "A store in memory is out of reach for Spark's workers, which are other processes.",
            hint="Keep rollups in a store of type lmdb (workers on this machine) or bigtable.",
        )


def java() -> str | None:
    """The program that Spark will start."""
    home = os.environ.get("JAVA_HOME")
    if home:
        program = Path(home) / "bin" / "java"
        return str(program) if program.exists() else None
    return shutil.which("java")


def open_session(config: SparkConfig) -> Any:
    """A session of its own settings; that of this process where there is one.

    Raises:
        SourceError: the cluster does not answer, or does not take the settings.
        Refused: the session of this process is of another master.
    """
    check_session(config.master)
    check_reachable(config.master, config.connect_limit)
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder: Any = SparkSession.builder
    builder = builder.appName("lapwing").master(config.master)
    local = config.master.startswith("local")
    for name, value in {**_SETTINGS, **(_LOCAL if local else {}), **_for_workers(), **config.options}.items():
        builder = builder.config(name, str(value))
    try:
        with _address_of_its_own(local):
            session = builder.getOrCreate()
        for setting in dialect_of("spark").settings:
            session.sql(setting)
    except (PySparkException, Py4JError, RuntimeError, OSError, ValueError) as error:
        raise _unreachable(config, error) from error
    return session


def _for_workers() -> dict[str, str]:
    """What the store and the sources need to be found by workers, whose environment is the cluster's."""
    return {f"spark.executorEnv.{name}": os.environ[name] for name in _EMULATORS if os.environ.get(name)}


@contextmanager
def _address_of_its_own(local: bool) -> Iterator[None]:
    """A cluster on this machine speaks to itself by the loopback, however the machine's name resolves; unless somebody
    has said otherwise. Java takes it from the environment in which it starts."""
    if not local or "SPARK_LOCAL_IP" in os.environ:
        yield
        return
    os.environ["SPARK_LOCAL_IP"] = _LOCAL["spark.driver.host"]
    try:
        yield
    finally:
        del os.environ["SPARK_LOCAL_IP"]


def said(error: BaseException) -> str:
    """The one line of many that says why: py4j puts the call before it, and Java its trace after it."""
    lines = [line.strip(" :\t") for line in str(error).splitlines() if line.strip(" :\t")]
    reasons = (line for line in lines if re.search(r"\w(Exception|Error)\b", line))
    return next(reasons, lines[0] if lines else type(error).__name__)[:300].rstrip(" .:")


def _unreachable(config: SparkConfig, error: Exception) -> LapwingError:
    return SourceError.of(
        "spark-unreachable",
        f"Spark did not start at {config.master}: {said(error)}.",
        hint="Check that the cluster runs and can be reached, and master and options under spark: in lapwing.yaml.",
    )
