"""The process is killed at each point of taking new data in; another one takes over, and finds what a whole replay finds."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from tests.alerts.shop import BAD_DAY, open_alerts, orders, write_shop
from tests.alerts.test_kept import HOURLY, as_replayed, built

from lapwing.alerts.life import life
from lapwing.alerts.state import StateDatabase
from lapwing.query.service import Lapwing

RUN = """
import os, signal, sys
from pathlib import Path
from lapwing.alerts import journal, judged_rows, keeper
from lapwing.alerts.service import Alerts
from lapwing.alerts.state import StateDatabase
from lapwing.query.service import Lapwing

def killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

places = {"judge_any": keeper, "pack": keeper, "save": journal.Journal, "additions": judged_rows, "_keep": judged_rows}
root, (name, when, turn) = Path(sys.argv[1]), sys.argv[2].split()
where, calls = places[name], [int(turn)]
real = getattr(where, name)

def wrapped(*args, **kwargs):
    calls[0] -= 1
    if calls[0] == 0 and when == "before":
        killed()
    result = real(*args, **kwargs)
    if calls[0] == 0:
        killed()
    return result

setattr(where, name, wrapped)
with Lapwing.open(root) as lapwing:
    Alerts(lapwing, StateDatabase(root / "state.db")).replay()
"""
POINTS = [
    f"{name} {when} {turn}"
    for name in ("judge_any", "pack", "save", "additions", "_keep")
    for when in ("before", "after")
    for turn in (1, 2)
]


def kinds(root: Path) -> list[tuple[str, list[str]]]:
    state = StateDatabase(root / "state.db")
    found = [(one.monitor, [step.kind for step in life(one.lines).steps]) for one in state.journal.records()]
    state.close()
    return sorted(found)


@pytest.mark.long
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_point(tmp_path: Path, point: str) -> None:
    before, after = orders(end=BAD_DAY), orders(end=BAD_DAY + timedelta(days=2))
    told = []
    for place in ("killed", "never"):
        root = write_shop(tmp_path / place, table=before, project=HOURLY)
        with Lapwing.open(root) as lapwing:
            alerts = open_alerts(lapwing, root / "state.db")
            alerts.replay()
            alerts.close()
            built(lapwing, after)
            if place == "killed":
                command = [sys.executable, "-c", RUN, str(root), point]
                run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
                assert run.returncode == -signal.SIGKILL, run.stderr
            as_replayed(lapwing, open_alerts(lapwing, root / "state.db"))
        told.append(kinds(root))
    assert told[0] == told[1] != []


TWO = """
import sys
from pathlib import Path
from lapwing.alerts.service import Alerts
from lapwing.alerts.state import StateDatabase
from lapwing.query.service import Lapwing

root = Path(sys.argv[1])
with Lapwing.open(root) as lapwing:
    alerts = Alerts(lapwing, StateDatabase(root / "state.db"))
    alerts.replay()
    for _ in range(3):
        print("ready", flush=True)
        sys.stdin.readline()
        alerts.replay()
    print(sorted((one.monitor, one.id) for one in alerts.incidents()), flush=True)
"""


@pytest.mark.long
def test_two_processes_take_the_same_days_in(tmp_path: Path) -> None:
    """Both go on from what they have in memory, whoever of them was first to save it."""
    root = write_shop(tmp_path / "shop", table=orders(end=BAD_DAY), project=HOURLY)
    command = [sys.executable, "-c", TWO, str(root)]
    both = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    with Lapwing.open(root) as lapwing:
        for day in range(1, 4):
            for process in both:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
            built(lapwing, orders(end=BAD_DAY + timedelta(days=day)))
            for process in both:
                assert process.stdin is not None
                process.stdin.write("\n")
                process.stdin.flush()
        answers = [process.communicate(timeout=120) for process in both]
        assert [process.returncode for process in both] == [0, 0], answers
        assert answers[0][0] == answers[1][0] != "[]\n"
        as_replayed(lapwing, open_alerts(lapwing, root / "state.db"))
