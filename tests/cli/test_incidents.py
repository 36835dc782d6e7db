"""lapwing incidents: the board and an incident's page on a terminal."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.alerts.shop import BAD_DAY, orders, write_shop
from tests.cli.conftest import Lapwing


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    table = orders(end=BAD_DAY + timedelta(days=1))
    return write_shop(tmp_path_factory.mktemp("night"), now="2024-02-21T02:00", table=table)


@pytest.fixture(scope="module")
def number(night: Path) -> str:
    from tests.alerts.shop import open_alerts

    from lapwing.query.service import Lapwing as Project

    with Project.open(night) as project:
        alerts = open_alerts(project)
        return str(next(one.id for one in alerts.incidents() if one.monitor == "failed_daily"))


def test_what_there_is(lapwing: Lapwing, night: Path, number: str) -> None:
    listed = lapwing("-p", night, "incidents", "list", "--state", "open")
    assert listed.code == 0
    assert "failed_daily" in listed.text
    found = lapwing("-p", night, "incidents", "list", "--json").json["incidents"]
    assert number in {one["id"] for one in found}
    assert lapwing("-p", night, "incidents", "list", "--to", "2024-02-01").text == "There are none.\n"


def test_one_and_what_somebody_does(lapwing: Lapwing, night: Path, number: str) -> None:
    done = lapwing("-p", night, "incidents", "act", number, "acknowledge", "--as", "Ann", "--text", "On it.")
    assert done.code == 0, done.err
    assert "Failed: open, acknowledged by Ann, since 2024-02-20T00:00:00-05:00" in done.text
    assert "acknowledged: By Ann." in done.text
    assert "Ann says: On it." in done.text
    again = lapwing("-p", night, "incidents", "act", number, "acknowledge", "--as", "Bo")
    assert (again.code, again.err) == (1, "Ann has acknowledged it already.\n")
    snoozed = lapwing("-p", night, "incidents", "act", number, "snooze", "--until", "now+4h", "--as", "Bo", "--json")
    assert snoozed.json["snoozed_until"] == "2024-02-21T06:00:00-05:00"
    shown = lapwing("-p", night, "incidents", "show", number)
    assert "snoozed: Until Wed 21 Feb, 06:00, by Bo." in shown.text
    assert lapwing("-p", night, "incidents", "show", number, "--as-of", "2024-02-20").code == 2


def test_what_is_asked_wrongly(lapwing: Lapwing, night: Path, number: str) -> None:
    assert lapwing("-p", night, "incidents", "act", number, "celebrate").code == 2
    assert lapwing("-p", night, "incidents", "show", "x").code == 2
    assert lapwing("-p", night, "incidents", "show", "9999").code == 2
    assert lapwing("-p", night, "incidents", "act", number, "snooze").code == 2
