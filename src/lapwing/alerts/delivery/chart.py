"""An incident's chart as a picture for messages: the line against its expected range, as on the board."""

from __future__ import annotations

import io
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from lapwing.alerts.views.view import Chart
from lapwing.alerts.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.ticker import Locator

INK, BAND, GRID, FAINT = "#1b2327", "#d9e3e7", "#e6e8e8", "#6b7478"
BAD, GOOD = "#a8321f", "#1f6b3f"
WIDTH, HEIGHT, DOTS = 6.4, 2.4, 200
"""Inches, and dots in each: sharp on screens of any density."""
SHORT = 82_800_000
"""Milliseconds: of shorter buckets (a day may have 23 hours) the time of day is said."""
MOST_DAYS = 7
"""Days named below the line."""


def png(
    chart: Chart, *, better: str | None, zone: str, form: str, unit: str, goal: float | None = None
) -> bytes | None:
    """The picture; None where there is nothing to draw, or nothing to draw with (the extra `delivery`). `goal`: of a goal or
    limit, drawn across; what is expected from `chart.until` on is drawn as a projection."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        return None
    if len(chart.time) < 2:
        return None
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DOTS, facecolor="white")
    axes = figure.add_subplot()
    _draw(axes, chart, better)
    if goal is not None:
        axes.axhline(goal, color=BAD, linewidth=1.0, linestyle=(0, (6, 3)))
        axes.annotate(
            number(goal, form, unit),
            (0.0, goal),
            xycoords=("axes fraction", "data"),
            xytext=(3, -3),
            textcoords="offset points",
            va="top",
            fontsize=8,
            color=BAD,
        )
    _frame(axes, chart, zone, form, unit, goal)
    _note(axes, chart, better, zone, form, unit)
    figure.tight_layout(pad=0.4)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _draw(axes: Axes, chart: Chart, better: str | None) -> None:
    at = np.array(chart.time, np.float64)
    actual, lower, upper = (
        np.array([np.nan if value is None else value for value in series], np.float64)
        for series in (chart.actual, chart.lower, chart.upper)
    )
    axes.fill_between(at, lower, upper, color=BAND, linewidth=0)
    axes.plot(at, actual, color=INK, linewidth=1.2, solid_joinstyle="round")
    expected = np.array([np.nan if value is None else value for value in chart.expected], np.float64)
    ahead = int(np.searchsorted(at, chart.until)) - 1  # from the last that is known on
    if 0 <= ahead < len(at) - 1:
        axes.plot(at[ahead:], expected[ahead:], color=INK, linewidth=1.0, linestyle=(0, (2, 2)))
    outside = np.array(chart.outside, bool)
    for far, colour in ((actual > upper, {"up": GOOD, "down": BAD}), (actual < lower, {"up": BAD, "down": GOOD})):
        there = outside & far
        if better and there.any():
            near = there | np.append(there[1:], False) | np.append(False, there[:-1])
            axes.plot(at, np.where(near, actual, np.nan), color=colour[better], linewidth=1.8)


def _note(axes: Axes, chart: Chart, better: str | None, zone: str, form: str, unit: str) -> None:
    """Words beside the bucket that is furthest from what was expected: its value, and when."""
    far = [
        abs(value - usual) if out and value is not None and usual is not None else 0.0
        for value, usual, out in zip(chart.actual, chart.expected, chart.outside, strict=True)
    ]
    place = int(np.argmax(far))
    value, usual = chart.actual[place], chart.expected[place]
    if not far[place] or value is None or usual is None:
        return
    at = datetime.fromtimestamp(chart.time[place] / 1000, UTC).astimezone(ZoneInfo(zone))
    short = chart.time[1] - chart.time[0] < SHORT
    colours = {"up": (GOOD, BAD), "down": (BAD, GOOD)}.get(better or "", (INK, INK))
    late, below = place > len(far) / 2, value < usual
    axes.annotate(
        f"{number(value, form, unit)} {f'at {at:%H:%M}' if short else f'{at:%a} {at.day} {at:%b}'}",
        (chart.time[place], value),
        xytext=(-5 if late else 5, 0),
        textcoords="offset points",
        ha="right" if late else "left",
        va="bottom" if below else "top",
        fontsize=8,
        color=colours[below],
    )


def _frame(axes: Axes, chart: Chart, zone: str, form: str, unit: str, goal: float | None) -> None:
    lines = (chart.actual, chart.lower, chart.upper, [goal])
    drawn = [value for line in lines for value in line if value is not None]
    top, bottom = max(drawn, default=1.0), min(drawn, default=0.0)
    low = min(bottom, 0.0) * 1.05
    axes.set_ylim(low, (top - low) * 1.08 + low or 1.0)
    axes.set_xlim(chart.time[0], chart.time[-1] + (chart.time[-1] - chart.time[0]) * 0.01)
    axes.yaxis.set_major_locator(_ticks())
    axes.set_yticks(axes.get_yticks(), [number(float(tick), form, unit) for tick in axes.get_yticks()])
    axes.set_ylim(low, (top - low) * 1.08 + low or 1.0)
    days = _midnights(chart.time[0], chart.time[-1], zone)
    shown = days[:: -(-len(days) // MOST_DAYS)]
    axes.set_xticks([day.timestamp() * 1000 for day in shown], [f"{day:%a} {day.day} {day:%b}" for day in shown])
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=7, colors=FAINT)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)


def _ticks() -> Locator:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=4, steps=[1, 2, 5, 10])


def _midnights(start: int, end: int, zone: str) -> list[datetime]:
    """The local midnights between two moments, both in milliseconds."""
    info = ZoneInfo(zone)
    first, last = (datetime.fromtimestamp(at / 1000, UTC).astimezone(info) for at in (start, end))
    days = [datetime.combine(first.date() + timedelta(days=n), time(), info) for n in range((last - first).days + 2)]
    return [day for day in days if first <= day <= last]
