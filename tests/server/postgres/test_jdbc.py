"""PostgreSQL's JDBC driver, which DBeaver, Metabase and most BI tools speak through."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.server.postgres.conftest import Door
from tests.services.base import MissingService, cache_folder, locked, missing, program

VERSION = "42.7.8"
DRIVER = f"postgresql-{VERSION}.jar"


@pytest.fixture(scope="module")
def jar() -> Path:
    """The driver, from Maven once; kept outside the tree."""
    found = cache_folder() / DRIVER
    with locked("jdbc"):
        if not found.exists():
            try:
                maven = program("mvn", "maven")
            except MissingService as why:
                missing(why)
            wanted = [f"-Dartifact=org.postgresql:postgresql:{VERSION}", f"-DoutputDirectory={found.parent}"]
            done = subprocess.run(
                [maven, "-q", "-B", "dependency:copy", *wanted],
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            if done.returncode:
                missing(f"Maven did not bring the driver: {done.stdout.strip()[-300:]}")
    return found


@pytest.fixture(scope="module")
def java() -> str:
    """That of a JDK: the probe is compiled as it starts."""
    try:
        program("javac", "default-jdk-headless")
        return program("java", "default-jdk-headless")
    except MissingService as why:
        missing(why)


def test_jdbc(door: Door, jar: Path, java: str) -> None:
    probe = Path(__file__).with_name("Probe.java")
    address = f"jdbc:postgresql://127.0.0.1:{door.port}/shop"
    done = subprocess.run(
        [java, "-cp", jar, str(probe), address], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines() if not line.startswith("prepared"))
    assert {"files", "metrics", "places", "public"} <= set(said["schemas"].strip("[]").split(", "))
    assert said["tables"] == "[files:orders:TABLE, places:towns:TABLE, metrics:orders:VIEW]"
    assert said["columns"] == "[at:timestamp:93, shop:text:12, town:text:12, amount:float8:8]"
    assert (said["keys"], said["indexes"], said["imported"]) == ("[]", "[]", "[]")
    assert said["catalogs"] == "[shop]"
    prepared = [line for line in done.stdout.splitlines() if line.startswith("prepared")]
    assert len(prepared) == 2
    assert prepared[0] == prepared[1]
    assert prepared[0].startswith("prepared 68 5.5 2024-01-")
    assert (said["portions"], said["limited"], said["refused"]) == ("499500", "57014", "25006")
