"""What only LMDB has: other processes, crashes, growth, a full disk, formats."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import lmdb
import pytest

from lapwing.cache.stores import environment
from lapwing.cache.stores.lmdb import LmdbStore
from lapwing.model.problem import StoreError


def process(path: Path, body: str) -> subprocess.Popen[str]:
    """Another Python with `store` and `sys` at hand, talking by lines."""
    start = "import sys\nfrom pathlib import Path\nfrom lapwing.cache.stores.lmdb import LmdbStore\n"
    return subprocess.Popen(
        [sys.executable, "-u", "-c", start + textwrap.dedent(body), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def code(error: pytest.ExceptionInfo[StoreError]) -> str:
    return error.value.problems[0].code


def test_rows_outlive_the_store(tmp_path: Path) -> None:
    first = LmdbStore(tmp_path / "s")
    first.put([(b"a", b"1")])
    first.close()
    second = LmdbStore(tmp_path / "s")
    assert second.get([b"a"]) == [b"1"]
    second.close()


def test_one_path_is_one_environment_until_the_last_leaves(tmp_path: Path) -> None:
    first, second = LmdbStore(tmp_path / "s"), LmdbStore(tmp_path / "." / "s")
    first.put([(b"a", b"1")])
    first.close()
    assert second.get([b"a"]) == [b"1"]
    second.close()
    assert (tmp_path / "s").resolve() not in {path for path, _ in environment._open}
    with pytest.raises(StoreError):
        second.get([b"a"])


def test_the_map_grows(tmp_path: Path) -> None:
    store = LmdbStore(tmp_path / "s", map_bytes=1 << 20)
    rows = [(b"k%03d" % i, os.urandom(100_000)) for i in range(60)]
    store.put(rows)
    assert list(store.scan(b"k", b"l")) == rows
    assert store.compare_and_set(b"manifest", None, b"x" * 4_000_000)
    store.close()


def test_a_reader_follows_when_another_process_grows_the_map(tmp_path: Path) -> None:
    store = LmdbStore(tmp_path / "s", map_bytes=1 << 20)
    store.put([(b"a", b"1")])
    other = process(
        tmp_path / "s",
        """
        store = LmdbStore(Path(sys.argv[1]), map_bytes=1 << 20)
        store.put([(b"k%03d" % i, bytes(100_000)) for i in range(60)])
        """,
    )
    assert other.wait(20) == 0
    assert len(list(store.scan(b"k", b"l"))) == 60
    assert store.get([b"a"]) == [b"1"]
    store.close()


def test_another_process_reads_while_this_one_writes(tmp_path: Path) -> None:
    store = LmdbStore(tmp_path / "s")
    store.put([(b"k%d" % i, b"0") for i in range(10)])
    reader = process(
        tmp_path / "s",
        """
        store = LmdbStore(Path(sys.argv[1]), read_only=True)
        keys = [b"k%d" % i for i in range(10)]
        for line in sys.stdin:
            values = store.get(keys)
            assert len(set(values)) == 1, values
            print(values[0].decode())
        """,
    )
    assert reader.stdin is not None
    assert reader.stdout is not None
    for number in range(1, 30):
        store.put([(b"k%d" % i, b"%d" % number) for i in range(10)])
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == f"{number}\n"
    reader.stdin.close()
    assert reader.wait(10) == 0
    reader.stdout.close()
    store.close()


def test_a_writer_killed_in_the_middle_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "s"
    store = LmdbStore(path)
    store.put([(b"old%03d" % i, b"1" * 5000) for i in range(100)])
    store.close()
    for _ in range(3):
        writer = process(
            path,
            """
            store = LmdbStore(Path(sys.argv[1]))
            print("begin")
            def rows():
                for i in range(10**9):
                    yield b"new%012d" % i, bytes(5000)
            store.put(rows())
            """,
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "begin\n"
        try:
            writer.wait(0.3)
        except subprocess.TimeoutExpired:
            writer.send_signal(signal.SIGKILL)
        assert writer.wait(10) == -signal.SIGKILL
        writer.stdout.close()
        store = LmdbStore(path)
        assert [value for _, value in store.scan(b"old", b"ole")] == [b"1" * 5000] * 100
        store.put([(b"after", b"2")])
        assert store.get([b"after"]) == [b"2"]
        store.delete_prefix(b"new")
        store.close()


def test_a_reader_can_not_write(tmp_path: Path) -> None:
    LmdbStore(tmp_path / "s").close()
    reader = LmdbStore(tmp_path / "s", read_only=True)
    with pytest.raises(StoreError) as caught:
        reader.put([(b"a", b"1")])
    assert code(caught) == "store-read-only"
    with pytest.raises(StoreError) as caught:
        LmdbStore(tmp_path / "s")
    assert code(caught) == "store-read-only"
    reader.close()


def test_a_reader_of_nothing_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="lapwing build") as caught:
        LmdbStore(tmp_path / "s", read_only=True)
    assert code(caught) == "store-missing"
    assert not (tmp_path / "s").exists()


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    LmdbStore(tmp_path / "s").close()
    with lmdb.open(str(tmp_path / "s"), max_dbs=1) as raw, raw.begin(write=True) as transaction:
        transaction.put(environment.FORMAT_KEY, b"7")
    for read_only in (False, True):
        with pytest.raises(StoreError, match="format 7; this one knows 1") as caught:
            LmdbStore(tmp_path / "s", read_only=read_only)
        assert code(caught) == "store-newer"
    assert (tmp_path / "s").resolve() not in {path for path, _ in environment._open}


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").write_bytes(b"no database" * 2000)
    with pytest.raises(StoreError, match="lapwing build") as caught:
        LmdbStore(tmp_path)
    assert code(caught) == "store-damaged"


def test_a_path_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        LmdbStore(tmp_path / "file")


def test_a_full_disk_keeps_what_was_there(tmp_path: Path) -> None:
    mounted = tmp_path / "small"
    mounted.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(mounted)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("only a machine that may mount a small disk can fill one")
    try:
        store = LmdbStore(mounted / "s")
        store.put([(b"a", b"1")])
        with pytest.raises(StoreError, match="Free some space") as caught:
            store.put([(b"k%03d" % i, os.urandom(100_000)) for i in range(100)])
        assert code(caught) == "store-full"
        assert store.get([b"a", b"k000"]) == [b"1", None]
        store.put([(b"b", b"2")])
        store.close()
    finally:
        subprocess.run(["umount", "-l", str(mounted)], check=True)
