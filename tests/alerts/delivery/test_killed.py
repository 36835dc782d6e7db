"""The process is killed at each point on the way from an incident to a message; another one takes over.

Whatever the point, who gets it sees one message: there is one e-mail, or two with the same Message-ID where the kill fell
between sending and writing that down.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from tests.alerts.delivery.receivers import smtp_server
from tests.alerts.shop import BAD_DAY, PROJECT, orders, write_shop

DELIVERY = """
channels:
  mail: {{type: email, smtp: "127.0.0.1:PORT", from: lapwing@example.com, to: ops@example.com, security: none}}
subscriptions:
  ops: {{channels: mail, monitors: failed_daily}}
"""

RUN = """
import os, signal, sys, time
from pathlib import Path
from lapwing.alerts.delivery import service as delivering
from lapwing.alerts.delivery.outbox import LEASE, Outbox
from lapwing.alerts.journal import Journal
from lapwing.alerts.service import Alerts
from lapwing.alerts.state import StateDatabase
from lapwing.query.service import Lapwing

def killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def around(where, name, when):
    real = getattr(where, name)
    def wrapped(*args, **kwargs):
        if when == "before":
            killed()
        result = real(*args, **kwargs)
        killed()
        return result
    setattr(where, name, wrapped)

places = {"save": (Journal, "save"), "add": (Outbox, "add"), "claim": (Outbox, "claim"), "keep": (Outbox, "keep"),
          "send": (delivering, "send"), "sent": (Outbox, "sent")}
root, point, later = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
if point != "none":
    place, when = point.split(" ")
    around(*places[place], when)
with Lapwing.open(root) as lapwing:
    state = StateDatabase(lapwing.project.state_path)
    alerts = Alerts(lapwing, state)
    alerts.replay()
    clock = lambda: time.time_ns() // 1000 + later * LEASE
    delivering.Deliveries(lapwing, alerts, state, clock).run()
    print([(one.state, one.attempts) for one in delivering.Deliveries(lapwing, alerts, state).record()])
"""
POINTS = [
    f"{place} {when}" for place in ("save", "add", "claim", "keep", "send", "sent") for when in ("before", "after")
]
TWICE = {"send after", "sent before"}


def run(root: Path, point: str, later: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RUN, str(root), point, str(later)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.long
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_point(tmp_path: Path, point: str) -> None:
    table = orders(end=BAD_DAY + timedelta(days=1))
    with smtp_server() as box:
        project = PROJECT + DELIVERY.replace("PORT", str(box.port))
        root = write_shop(tmp_path / "shop", now="2024-02-21T02:00", table=table, project=project)
        first = run(root, point, 0)
        assert first.returncode == -signal.SIGKILL, first.stderr
        before = len(box.mails)
        second = run(root, "none", 2)
        assert second.returncode == 0, second.stderr
        assert second.stdout.startswith("[('sent', "), second.stdout
        third = run(root, "none", 4)
        assert third.stdout == second.stdout
        assert len(set(box.ids)) == 1
        assert len(box.mails) == (2 if point in TWICE else 1)
        assert before == (1 if point in (*TWICE, "sent after") else 0)


@pytest.mark.long
def test_two_processes_at_once_send_one_message(tmp_path: Path) -> None:
    table = orders(end=BAD_DAY + timedelta(days=1))
    with smtp_server() as box:
        project = PROJECT + DELIVERY.replace("PORT", str(box.port))
        root = write_shop(tmp_path / "shop", now="2024-02-21T02:00", table=table, project=project)
        command = [sys.executable, "-c", RUN, str(root), "none", "0"]
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        for process in both:
            _, err = process.communicate(timeout=120)
            assert process.returncode == 0, err
        assert len(box.mails) == 1
