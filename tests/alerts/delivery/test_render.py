"""Messages in words, and their picture."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.alerts.shop import ZONE, open_alerts

from lapwing.alerts.delivery.chart import png
from lapwing.alerts.delivery.render import Renderer, Telling
from lapwing.alerts.views.incident import IncidentView
from lapwing.query.service import Lapwing

RENDERER = Renderer(project="shop", zone=ZONE, base_url="https://lapwing.example.com")


@pytest.fixture(scope="module")
def view(shop: Lapwing, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IncidentView]:
    path: Path = tmp_path_factory.mktemp("state") / "state.db"
    alerts = open_alerts(shop, path)
    number = next(one.id for one in alerts.incidents() if one.monitor == "rate_hourly")
    yield alerts.incident(number, datetime(2024, 2, 20, 19, tzinfo=ZoneInfo(ZONE)))
    alerts.close()


def telling(view: IncidentView, kind: str = "opened", **summary: Any) -> Telling:
    changed = replace(view, summary=replace(view.summary, **summary))
    return Telling(kind=kind, says=view.story[0].says, view=changed, as_of="2024-02-20T19:00:00-05:00")


def test_a_message_says_all(view: IncidentView) -> None:
    found = RENDERER.one(telling(view), "k")
    assert found.subject == "[shop] Fail rate: 27.7%, 4.9% expected. $1.01 k at stake"
    assert found.link == f"https://lapwing.example.com/incidents/{view.summary.id}?as_of=2024-02-20T19:00"
    for says in (
        "Mostly north (region)",
        "Within Card provider down.",
        "Difference: +",
        " pp",
        "Since: Tue 20 Feb, 12:00",
    ):
        assert says in found.text
    assert found.html.count("cid:chart") == 1
    assert found.facts["incidents"][0]["cause"]["slice"] == {"region": "north"}
    assert (found.thread, found.good) == (f"incident-{view.summary.id}", False)


def test_what_is_in_values_stays_text(view: IncidentView) -> None:
    found = RENDERER.one(telling(view, slice={"region": "<b>a</b>\r\nBcc: x@example.com"}), "k")
    assert "\n" not in found.subject
    assert "\r" not in found.subject
    assert "<b>a</b>" not in found.html
    assert "&lt;b&gt;a&lt;/b&gt;" in found.html


@pytest.mark.parametrize(
    ("kind", "begins"),
    [
        ("grew", "Grew: Fail rate"),
        ("resolved", "Resolved: Fail rate"),
        ("flapping", "Flapping: "),
        ("escalation", "Nobody has acknowledged: "),
        ("assigned", "Assigned to you: "),
    ],
)
def test_each_kind_says_what_it_is(view: IncidentView, kind: str, begins: str) -> None:
    assert RENDERER.one(telling(view, kind), "k").subject.startswith(f"[shop] {begins}")


def test_what_opens_again_is_back(view: IncidentView) -> None:
    (opened,) = (step for step in view.story if step.kind == "opened")
    again = replace(view, story=[*view.story, replace(opened, at="2024-02-22T19:00:00-05:00")])
    assert RENDERER.one(telling(again), "k").subject == "[shop] Back: Fail rate: 27.7%, 4.9% expected. $1.01 k at stake"
    assert "Back" not in RENDERER.one(telling(again, "resolved"), "k").subject


def test_what_was_nothing_says_what_was_told_and_no_more(view: IncidentView) -> None:
    gone = telling(view, "retracted", state="retracted", resolved=view.summary.until)
    found = RENDERER.one(replace(gone, says="It lies in a maintenance window."), "k")
    assert found.subject == "[shop] Retracted: Fail rate: 27.7%, 4.9% expected"
    assert "Was told: 27.7%, 4.9% expected" in found.text
    for wrong in ("$", "Mostly", "Lasted", "Actual"):
        assert wrong not in found.text


def test_it_lasted_until_its_last_bucket(view: IncidentView) -> None:
    """Not until enough quiet ones had come to be sure."""
    night = "2024-02-21T02:00:00-05:00"
    found = RENDERER.one(telling(view, "resolved", state="resolved", reason="quiet", resolved=night), "k")
    assert "Lasted: Tue 20 Feb, 12:00 to Tue 20 Feb, 18:00" in found.text
    by_hand = RENDERER.one(telling(view, "closed", state="resolved", reason="by_hand", resolved=night), "k")
    assert "to Wed 21 Feb, 02:00" in by_hand.text


def test_without_an_address_there_is_no_link(view: IncidentView) -> None:
    found = replace(RENDERER, base_url=None).one(telling(view), "k")
    assert found.link is None
    assert "http" not in found.text
    assert "<a " not in found.html


def test_a_digest_names_each_incident_once(view: IncidentView) -> None:
    more = telling(view, id=99, label="Other")
    found = RENDERER.digest([telling(view), telling(view, "grew"), more], "k")
    assert found.subject == "[shop] 2 incidents, 2 open"
    assert found.text.count("Fail rate: ") == 1
    assert "Grew: Fail rate" in found.text
    assert {one["id"] for one in found.facts["incidents"]} == {str(view.summary.id), "99"}


def test_a_picture(view: IncidentView) -> None:
    chart = view.summary.chart
    found = png(chart, better="down", zone=ZONE, form="percent", unit="")
    assert found is not None
    assert struct.unpack(">II", found[16:24]) == (1280, 480)
    assert png(chart, better="down", zone=ZONE, form="percent", unit="") == found, "the same each time"
    assert png(replace(chart, time=[]), better=None, zone=ZONE, form="", unit="") is None
    nothing: list[float | None] = [None] * len(chart.time)
    blank = replace(chart, actual=nothing, lower=nothing, upper=nothing)
    assert png(blank, better=None, zone=ZONE, form="", unit="") is not None
