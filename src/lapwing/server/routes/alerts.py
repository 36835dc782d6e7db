"""The board, incidents, and what is watched."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from lapwing.alerts.actions import Action
from lapwing.alerts.why.asked import Asked
from lapwing.alerts.wishes import Chosen
from lapwing.model.calendar import from_us, to_us
from lapwing.model.calendar import zone as zone_of
from lapwing.model.grain import Grain
from lapwing.model.problem import NotFound, WrongUse
from lapwing.model.timerange import parse_moment, parse_range
from lapwing.query.service import Lapwing
from lapwing.server.documents.asked import ActionBody, Band, BandBody, FilterBody, FollowBody, WhyBody, WindowBody
from lapwing.server.documents.board import Board
from lapwing.server.documents.changes import Change
from lapwing.server.documents.following import Backtest, Suggestions, Window, Windows
from lapwing.server.documents.goals import Goals
from lapwing.server.documents.incidents import Incidents, IncidentView
from lapwing.server.documents.project import Followed, Monitors, ScoredMonitor, Scores
from lapwing.server.encode.columnar import dumps
from lapwing.server.filters import where
from lapwing.server.services import services

router = APIRouter(tags=["alerts"], prefix="/api")


def _json(data: Any, status: int = 200) -> Response:
    return Response(dumps(data), status, media_type="application/json")


def _moment(text: str | None, lapwing: Lapwing) -> datetime | None:
    if not text:
        return None
    project = lapwing.project
    start, _ = parse_moment(
        text, now=lapwing.now(), zone=project.timezone, week_start=project.week_start, fiscal=project.fiscal_start
    )
    return from_us(start)


def _text_id(data: dict[str, Any]) -> dict[str, Any]:
    """Ids are texts to clients, who need not know how they are made."""
    return {**data, "id": str(data["id"])}


def _text_id_or_none(data: dict[str, Any]) -> dict[str, Any]:
    return data if data["id"] is None else _text_id(data)


def _incident_id(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 18):
        raise NotFound.of("unknown-incident", f"There is no incident {text}.")
    return int(text)


@router.get("/board", response_model=Board)
def board(request: Request, as_of: str | None = None) -> Response:
    """What needs a look, as it was known at `as_of` (any time text), or now."""
    found = services(request)
    data = found.alerts.board(_moment(as_of, found.lapwing)).as_dict()
    data["incidents"] = [_text_id(one) for one in data["incidents"]]
    data["resolved"] = [_text_id(one) for one in data["resolved"]]
    data["snoozed"] = [_text_id(one) for one in data["snoozed"]]
    return _json(data)


@router.get("/incidents", response_model=Incidents)
def incidents(
    request: Request,
    state: Literal["open", "resolved", "retracted", ""] | None = None,
    start: str | None = None,
    end: str | None = None,
    kind: Literal["anomaly", "so_far", "warning", "data", ""] | None = None,
) -> Response:
    """All incidents that touch a stretch of time, the latest first; those that later data took back only where they are
    asked for."""
    found = services(request)
    project = found.lapwing.project
    zone, week_start, now = project.timezone, project.week_start, found.lapwing.now()
    low, high = parse_range(
        start or None, end or None, now=now, zone=zone, week_start=week_start, fiscal=project.fiscal_start
    )
    first, last = (None if at is None else from_us(at) for at in (low, high))
    listed = found.alerts.incidents(first, last, state or None, kind or None)
    return _json({"incidents": [_text_id(one.as_dict()) for one in listed]})


@router.get("/incidents/{incident_id}", response_model=IncidentView)
def incident(incident_id: str, request: Request, as_of: str | None = None) -> Response:
    """One incident, its story and what moved, as known at `as_of`."""
    found = services(request)
    view = found.alerts.incident(_incident_id(incident_id), _moment(as_of, found.lapwing))
    return _json(_text_id(view.as_dict()))


def _open_as_text(view: dict[str, Any]) -> dict[str, Any]:
    return {**view, "open": None if view["open"] is None else str(view["open"])}


@router.get("/goals", response_model=Goals)
def goals(request: Request, as_of: str | None = None) -> Response:
    """How every goal stands: what is in, what its period will come to, and how likely it is missed; the likeliest miss
    first. And how every limit does."""
    found = services(request)
    moment = _moment(as_of, found.lapwing)
    goals = [_open_as_text(one.as_dict()) for one in found.alerts.goals(moment)]
    return _json({"goals": goals, "limits": [_open_as_text(one.as_dict()) for one in found.alerts.limits(moment)]})


@router.post("/incidents/{incident_id}/actions", response_model=IncidentView)
def act(incident_id: str, body: ActionBody, request: Request) -> Response:
    """Acknowledges, assigns, snoozes, comments on, accepts (as the new normal), reopens or resolves an incident, or says
    whether it was useful. Of two who want the same at once one is first; the other is told (409)."""
    found = services(request)
    until = _moment(body.until, found.lapwing)
    action = Action(
        name=body.action, who=body.who, to=body.to, until=None if until is None else to_us(until), text=body.text
    )
    return _json(_text_id(found.alerts.act(_incident_id(incident_id), action).as_dict()))


@router.get("/maintenance", response_model=Windows)
def maintenance(request: Request) -> Response:
    """The stretches in which nothing is raised, the latest first."""
    views = services(request).alerts.maintenance.views()
    return _json({"windows": [_text_id_or_none(one.as_dict()) for one in views]})


@router.post("/maintenance", response_model=Window, status_code=201)
def begin_maintenance(body: WindowBody, request: Request) -> Response:
    """Makes a window: nothing is raised in it, and nothing is learned of it."""
    found = services(request)
    start, end = (_moment(text, found.lapwing) for text in (body.start, body.end))
    if start is None or end is None:
        raise WrongUse.of(
            "range-needed", "A window needs a start and an end.", hint="Send both, such as now and now+2h."
        )
    made = found.alerts.maintenance.make(body.name, to_us(start), to_us(end), body.monitors, body.who)
    return _json(_text_id_or_none(made.as_dict()), 201)


@router.delete("/maintenance/{window_id}", status_code=204)
def end_maintenance(window_id: str, request: Request, who: str) -> Response:
    """Takes a window back that somebody made: what is in it is judged after all."""
    if not (window_id.isascii() and window_id.isdecimal() and len(window_id) < 18):
        raise NotFound.of("unknown-window", f"There is no maintenance window {window_id}.")
    services(request).alerts.maintenance.remove(int(window_id), who)
    return Response(status_code=204)


@router.get("/monitors", response_model=Monitors)
def monitors(request: Request) -> Response:
    """What is watched, by the project's files and by people, and what was raised lately."""
    alerts = services(request).alerts
    views = [one.as_dict() for one in alerts.monitor_views()]
    return _json({"monitors": views, "alarms": alerts.alarms().as_dict()})


@router.get("/scores", response_model=Scores)
def scores(request: Request, days: float = 90) -> Response:
    """How good every monitor was over so many days."""
    return _json({"scores": [one.as_dict() for one in services(request).alerts.scores(days=days)]})


@router.get("/monitors/{name:path}", response_model=ScoredMonitor)
def monitor(name: str, request: Request, days: float = 90, as_of: str | None = None) -> Response:
    """A monitor, and how good it was over so many days before `as_of`, or now: what it raised, what people said of it, how
    early it was, and what to do where it is mostly ignored."""
    found = services(request)
    cards = found.alerts.scores(name, days, _moment(as_of, found.lapwing))
    views = {one.name: one for one in found.alerts.monitor_views()}
    if name not in views:
        of = tuple(card.monitor for card in cards)
        raise NotFound.of("unknown-monitor", f"{name} is several monitors.", nearest=of, hint="Ask for one of them.")
    view = views[name]
    return _json({**view.as_dict(), "score": cards[0].as_dict() if cards else None})


@router.get("/follow/suggestions", response_model=Suggestions)
def suggested(request: Request) -> Response:
    """What may be worth following, the best first."""
    return _json({"suggestions": [one.as_dict() for one in services(request).alerts.suggestions()]})


@router.post("/follow/backtest", response_model=Backtest)
def backtest(body: FollowBody, request: Request) -> Response:
    """What following would have raised over all there is of the past, and at other sensitivities; nothing is kept."""
    found = services(request).alerts.backtest(body.metric, body.slice, _grain(body), **_terms(body))
    return _json(found.as_dict())


def _grain(body: FollowBody) -> Grain | None:
    return Grain.parse(body.grain) if body.grain else None


def _terms(body: FollowBody) -> Chosen:
    return {
        "by": tuple(body.by),
        "sensitivity": body.sensitivity,
        "min_change": body.min_change,
        "depth": body.depth,
        "support": body.support,
    }


@router.post("/follow", response_model=Followed, status_code=201)
def follow(body: FollowBody, request: Request) -> Response:
    """Watches a metric, or all of a tag, from now on."""
    alerts = services(request).alerts
    made = alerts.follow(body.metric, body.slice, _grain(body), **_terms(body))
    return _json({"name": made.name, "monitors": [view.as_dict() for view in alerts.views_of(made)]}, 201)


@router.delete("/follow/{name:path}", status_code=204)
def unfollow(name: str, request: Request) -> Response:
    """Watches it no longer."""
    services(request).alerts.unfollow(name)
    return Response(status_code=204)


@router.post("/band", response_model=Band)
def band(body: BandBody, request: Request) -> Response:
    """What would have been usual for a metric, bucket by bucket."""
    found = services(request)
    project = found.lapwing.project
    zone = body.zone or project.timezone
    zone_of(zone)
    now = found.lapwing.now()
    low, high = parse_range(
        body.start or None,
        body.end or None,
        now=now,
        zone=zone,
        week_start=project.week_start,
        fiscal=project.fiscal_start,
    )
    if low is None or high is None:
        raise WrongUse.of(
            "range-needed", "A band needs a start and an end.", hint="Send both, such as -7d/d and now/d."
        )
    chosen = dict(_equality(each) for each in body.filters)
    view = found.alerts.band(body.metric, chosen, Grain.parse(body.grain), low, high)
    return _json(view.as_dict())


@router.post("/why", response_model=Change)
def why(body: WhyBody, request: Request) -> Response:
    """Why a metric changed: the slices that explain it, the metrics that it is a product of, and what lay beside it in
    time. The same object as an incident has."""
    found = services(request)
    fixed = tuple(one.dimension for one in body.filters if not one.exclude and len(one.values) == 1)
    asked = Asked(
        metric=body.metric,
        now=(body.start, body.end),
        against=(body.against_start, body.against_end) if body.against_start and body.against_end else None,
        where=where(body.where, body.filters),
        fixed=fixed,
        by=tuple(body.by) or None,
        zone=body.zone or None,
    )
    return _json(found.alerts.why(asked))


def _equality(chosen: FilterBody) -> tuple[str, str]:
    if chosen.exclude or len(chosen.values) != 1:
        says = f"What is usual is known for one value of {chosen.dimension}, not for several."
        raise WrongUse.of("band-filter", says)
    return chosen.dimension, str(chosen.values[0])
