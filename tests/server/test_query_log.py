"""What is written down of statements that ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from lapwing.model.problem import WrongUse
from lapwing.model.project import QueryLogConfig
from lapwing.server.queries import Queries
from lapwing.server.query_log import QueryLog, digest, files, read

KEEP = timedelta(days=30)


def logged(folder: Path, config: QueryLogConfig, *texts: str) -> None:
    log = QueryLog(folder, config)
    queries = Queries(note=log.note)
    for text in texts:
        queries.end(queries.begin(text, who="ana"))
    log.close()


def test_a_line_tells_who_what_and_how_it_ended(tmp_path: Path) -> None:
    log = QueryLog(tmp_path / "new", QueryLogConfig())
    queries = Queries(note=log.note)
    queries.end(queries.begin("select 1", "one", who="ana", priority="batch"))
    queries.end(queries.begin("select 2", "two", who="ben", door="postgres"), WrongUse.of("broken", "It broke."))
    log.close()
    second, first = read(tmp_path / "new", keep=KEEP)
    assert (first["id"], first["who"], first["priority"], first["state"]) == ("one", "ana", "batch", "done")
    assert (second["door"], second["state"], second["code"]) == ("postgres", "failed", "broken")
    assert (first["text"], first["digest"]) == ("select 1", digest("select 1"))
    assert [one["id"] for one in read(tmp_path / "new", keep=KEEP, who="ben")] == ["two"]
    assert read(tmp_path / "new", keep=KEEP, since=datetime.now(UTC) + timedelta(hours=1)) == []


def test_secrets_stay_out_where_only_digests_are_wanted(tmp_path: Path) -> None:
    logged(tmp_path, QueryLogConfig(texts=False), "select 'secret'")
    assert b"secret" not in files(tmp_path)[0].read_bytes()
    assert read(tmp_path, keep=KEEP)[0]["digest"] == digest("select 'secret'")


def test_it_keeps_within_its_budget(tmp_path: Path) -> None:
    config = QueryLogConfig(bytes=4_000)
    for number in range(40):
        logged(tmp_path, config, f"select {number}")
    sizes = [file.stat().st_size for file in files(tmp_path)]
    assert all(0 < size < 3_000 for size in sizes)
    assert read(tmp_path, keep=KEEP, limit=1)[0]["text"] == "select 39"
    logged(tmp_path / "none", QueryLogConfig(bytes=0), "select 1")
    assert read(tmp_path / "none", keep=KEEP) == []


def test_old_and_broken_lines_are_not_told(tmp_path: Path) -> None:
    logged(tmp_path, QueryLogConfig(), "select 1")
    new, old = files(tmp_path)
    line = orjson.loads(new.read_bytes())
    past = orjson.dumps({**line, "began": (datetime.now(UTC) - timedelta(days=40)).isoformat(), "id": "past"})
    new.write_bytes(past + b"\n" + new.read_bytes() + b'{"id": "cut')
    assert [one["text"] for one in read(tmp_path, keep=KEEP)] == ["select 1"]
    logged(tmp_path, QueryLogConfig(), "select 2")  # the file is too old to go on in
    assert old.exists()
    assert [one["text"] for one in read(tmp_path, keep=KEEP)] == ["select 2", "select 1"]


def test_a_folder_that_cannot_be_written_fails_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    log = QueryLog(tmp_path / "file" / "folder", QueryLogConfig())
    queries = Queries(note=log.note)
    query = queries.begin("select 1")
    queries.end(query)
    log.close()
    assert query.state == "done"
