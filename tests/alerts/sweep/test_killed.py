"""A check of every slice is killed before and after each thing that it writes, and each message that it sends; another one
takes over. None of it is lost, none is told twice, and what is kept is what a whole replay finds.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from tests.alerts.delivery.receivers import Mailbox, smtp_server
from tests.alerts.sweep.market import PROJECT, SLICE_DAYS, build, events, make, write
from tests.alerts.sweep.test_goes_on import as_replayed

from lapwing.alerts.life import life
from lapwing.alerts.service import Alerts
from lapwing.alerts.state import StateDatabase
from lapwing.query.service import Lapwing

DELIVERY = """
channels:
  mail: {{type: email, smtp: "127.0.0.1:PORT", from: lapwing@example.com, to: ops@example.com, security: none}}
subscriptions:
  ops: {{channels: mail}}
"""

CHECK = """
import os, signal, sys, time
from pathlib import Path
import sqlalchemy as sa
from lapwing.alerts.delivery import service as delivering
from lapwing.alerts.delivery.outbox import LEASE
from lapwing.alerts.service import Alerts
from lapwing.alerts.state import StateDatabase
from lapwing.query.service import Lapwing

root, (where, turn), later = Path(sys.argv[1]), sys.argv[2].split(), int(sys.argv[3])
passed = {"write": 0, "send": 0, "noted": 0}

def point(name):
    passed[name] += 1
    if name == where and passed[name] == int(turn):
        os.kill(os.getpid(), signal.SIGKILL)

def written(*_):
    point("noted" if passed["send"] else "write")

def statement(_connection, _cursor, statement, *_):
    if statement.lstrip().lower().startswith(("insert", "update", "delete")):
        written()

sa.event.listen(sa.Engine, "before_cursor_execute", statement)
sa.event.listen(sa.Engine, "commit", written)
send = delivering.send

def sending(*args, **kwargs):
    point("send")
    without = send(*args, **kwargs)
    point("send")
    return without

delivering.send = sending
with Lapwing.open(root) as lapwing:
    state = StateDatabase(lapwing.project.state_path)
    alerts = Alerts(lapwing, state)
    alerts.replay()
    clock = lambda: time.time_ns() // 1000 + later * LEASE
    delivering.Deliveries(lapwing, alerts, state, clock).run()
print(passed["write"])
"""
SPREAD = 5
"""Points over all that is written before a message goes out."""
SENDING = ("send 1", "send 2", "noted 1", "noted 2")
"""Before and after it went, and before what is written of that, and its commit."""
NEVER = "write 0"
STAGES = {
    "opens": (SLICE_DAYS[0], date(2024, 3, 7)),
    "is over": (date(2024, 3, 7), date(2024, 3, 11)),
}


def check(root: Path, point: str = NEVER, later: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHECK, str(root), point, str(later)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> int:
    """How much it wrote before a message went out; it ends as it should."""
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return int(out)


def killed(process: subprocess.Popen[str]) -> None:
    _, err = process.communicate(timeout=240)
    assert process.returncode == -signal.SIGKILL, err


class Market:
    """A project that was checked, and that more days came in of since."""

    def __init__(self, root: Path, box: Mailbox, stage: str) -> None:
        known, end = STAGES[stage]
        self.root, self.box, self.project = root, box, PROJECT + DELIVERY.replace("PORT", str(box.port))
        make(root, events(end=known), now=known)
        self.as_of(known)
        self.state = Lapwing.open(root).project.state_path
        ended(check(root))
        self.kept = root / "kept"
        shutil.copytree(self.state.parent, self.kept, ignore=lambda _, names: {"store"} & set(names))
        self.told = list(box.ids)
        self.as_of(end)
        write(root, events(first=date(end.year, end.month, 1), end=end))
        build(root)

    def as_of(self, now: date) -> None:
        (self.root / "lapwing.yaml").write_text(self.project.format(now=now.isoformat()))

    def restore(self) -> None:
        """As it was before the days came in, but for the rollups."""
        for file in self.state.parent.glob(f"{self.state.name}*"):
            file.unlink()
        for file in self.kept.glob(f"{self.state.name}*"):
            shutil.copy(file, self.state.parent)
        self.box.mails.clear()

    def found(self) -> list[tuple[int, str, list[str]]]:
        """Every incident, and what happened to it; all of it is what a whole replay finds."""
        with Lapwing.open(self.root) as lapwing:
            state = StateDatabase(self.state)
            as_replayed(lapwing, Alerts(lapwing, state), [])
            records = state.journal.records()
            state.close()
        return [(one.id, one.key[0], [step.kind for step in life(one.lines).steps]) for one in records]


@contextmanager
def market(root: Path, stage: str) -> Iterator[Market]:
    with smtp_server() as box:
        yield Market(root, box, stage)


@pytest.mark.long
@pytest.mark.parametrize("stage", STAGES)
def test_killed_at_any_point(tmp_path: Path, stage: str) -> None:
    with market(tmp_path / "market", stage) as of:
        of.restore()
        writes = ended(check(of.root))
        wanted, subjects = of.found(), of.box.subjects
        assert len(subjects) == 1
        for point in (*(f"write {at}" for at in range(1, writes, writes // SPREAD)), *SENDING):
            of.restore()
            killed(check(of.root, point))
            ended(check(of.root, later=2))
            assert of.found() == wanted, point
            assert set(of.box.subjects) == set(subjects), point
            # Who is killed between sending and noting has sent it: it comes twice under one name.
            assert len(set(of.box.ids)) == 1, point
            assert len(of.box.ids) == (2 if point in SENDING[1:] else 1), point


@pytest.mark.long
@pytest.mark.parametrize("stage", STAGES)
def test_two_processes_at_once(tmp_path: Path, stage: str) -> None:
    """One saves what it found, the other takes it over; each message is sent by one of them."""
    with market(tmp_path / "market", stage) as of:
        of.restore()
        ended(check(of.root))
        wanted, subjects = of.found(), sorted(of.box.subjects)
        for _ in range(2):
            of.restore()
            both = [check(of.root), check(of.root)]
            for process in both:
                ended(process)
            assert of.found() == wanted
            assert sorted(of.box.subjects) == subjects
