"""Which incidents happen when: every quarter has one of each kind, and holidays are where they are in the calendar.

Everything follows from the seed and the calendar, so that a day has the same incidents whatever days are made beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from simulator.incident import BILLED_IN, HOUR, Effect, Incident
from simulator.world import COUNTRIES, DEVICES, World

Random = np.random.Generator

_QUIET = 30
"""Days at the start of a quarter in which nothing begins: something has to be usual before anything is unusual."""
_LARGE = list(COUNTRIES)[:8]
_LESS = ("requests:down", "impressions:down", "spend:down")
_HOLIDAYS = {
    "US": ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25)),
    "IN": ((1, 26), (8, 15), (10, 2)),
    "BR": ((1, 1), (4, 21), (5, 1), (9, 7), (10, 12), (11, 2), (11, 15), (12, 25)),
    "JP": ((1, 1), (2, 11), (2, 23), (4, 29), (5, 3), (5, 4), (5, 5), (11, 3), (11, 23)),
    "GB": ((1, 1), (12, 25), (12, 26)),
    "DE": ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26)),
    "FR": ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)),
    "ES": ((1, 1), (1, 6), (5, 1), (8, 15), (10, 12), (11, 1), (12, 6), (12, 8), (12, 25)),
    "MX": ((1, 1), (5, 1), (9, 16), (12, 25)),
    "AU": ((1, 1), (1, 26), (4, 25), (12, 25), (12, 26)),
    "ZA": ((1, 1), (3, 21), (4, 27), (5, 1), (6, 16), (9, 24), (12, 16), (12, 25)),
}
"""Public holidays that have a date, as month and day."""
_CHANGES = {"US": "America/New_York", "GB": "Europe/London", "AU": "Australia/Sydney"}


@dataclass(frozen=True, slots=True)
class Site:
    """When an incident begins, and the slices it may take."""

    quarter: str
    start: datetime
    country: str
    advertiser: str


def incidents(world: World, seed: int, first: date, last: date) -> list[Incident]:
    """All that touch the UTC days [first, last], in the order in which they begin."""
    found = [one for year in range(first.year - 1, last.year + 2) for one in _of_year(world, seed, year)]
    begin, end = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, last + timedelta(days=1)))
    return sorted((one for one in found if one.start < end and begin < one.end), key=lambda one: (one.start, one.name))


@cache
def _of_year(world: World, seed: int, year: int) -> tuple[Incident, ...]:
    return (
        *(one for quarter in range(4) for one in _of_quarter(world, seed, year, quarter)),
        *(_holiday(country, date(year, *day)) for country, days in _HOLIDAYS.items() for day in days),
        *_clock_changes(year),
    )


def _of_quarter(world: World, seed: int, year: int, quarter: int) -> list[Incident]:
    """Long ones in one row, short ones in another, each with slices of its own."""
    rng = np.random.default_rng([seed, 4, year, quarter])
    midnight = datetime(year, 3 * quarter + 1, 1, tzinfo=UTC) + timedelta(days=_QUIET)
    countries, buyers = rng.permutation(_LARGE).tolist(), rng.permutation(_buyers(world)).tolist()
    out = []
    for makers, apart, spread in ((_LONG, 12, 4), (_SHORT, 7, 5)):
        for place, make in enumerate(rng.permutation(np.array(makers, object)).tolist()):
            country = str(countries.pop()) if make not in _EVERYWHERE else "US"
            days = apart * place + int(rng.integers(0, spread))
            start = _local_hour(midnight + timedelta(days=days), country, int(rng.integers(9, 15)))
            out.append(make(rng, Site(f"{year}Q{quarter + 1}", start, country, str(buyers[0]))))
    return out


def _buyers(world: World) -> list[str]:
    """The three advertisers that spend most, by campaigns that always run."""
    each = world.share * world.fill * world.price * np.where(world.by_click, world.click, 1.0)
    each = each * (world.last - world.first > 360)[world.campaign]
    names = world.campaigns.column("advertiser").to_numpy()[world.campaign]
    advertisers, place = np.unique(names, return_inverse=True)
    return [str(advertisers[at]) for at in np.argsort(-np.bincount(place, each))[:3]]


def _local_hour(midnight: datetime, country: str, hour: int) -> datetime:
    """The full hour UTC at or before an hour of the country's clock."""
    local = midnight.replace(tzinfo=ZoneInfo(COUNTRIES[country][0])) + hour * HOUR
    return local.astimezone(UTC).replace(minute=0)


def _drop(rng: Random, site: Site) -> Incident:
    return Incident(
        name=f"{site.quarter} drop",
        kind="drop",
        start=site.start,
        end=site.start + int(rng.integers(6, 11)) * HOUR,
        effect=Effect.FEWER,
        factor=float(rng.uniform(0.1, 0.3)),
        country=site.country,
        metrics=_LESS,
    )


def _spike(rng: Random, site: Site) -> Incident:
    """Robots look at ads: those who pay by impression pay for it, and nobody clicks."""
    return Incident(
        name=f"{site.quarter} spike",
        kind="spike",
        start=site.start,
        end=site.start + int(rng.integers(8, 14)) * HOUR,
        effect=Effect.MORE,
        level=2,
        factor=float(rng.uniform(2.5, 4)),
        country=site.country,
        metrics=("requests:up", "impressions:up", "spend:up", "click_rate:down"),
    )


def _level_shift(rng: Random, site: Site) -> Incident:
    return Incident(
        name=f"{site.quarter} level shift",
        kind="level shift",
        start=site.start,
        end=site.start + 12 * 24 * HOUR,
        effect=Effect.FEWER,
        factor=float(rng.uniform(0.5, 0.65)),
        country=site.country,
        metrics=_LESS,
    )


def _slope(rng: Random, site: Site) -> Incident:
    """Fewer and fewer requests are filled."""
    return Incident(
        name=f"{site.quarter} slope",
        kind="slope",
        start=site.start,
        end=site.start + 10 * 24 * HOUR,
        effect=Effect.FEWER,
        level=1,
        factor=float(rng.uniform(0.35, 0.5)),
        ramp=True,
        country=site.country,
        metrics=("fill_rate:down", "impressions:down", "spend:down"),
    )


def _one_slice(rng: Random, site: Site) -> Incident:
    return Incident(
        name=f"{site.quarter} one slice only",
        kind="one slice only",
        start=site.start,
        end=site.start + int(rng.integers(18, 30)) * HOUR,
        effect=Effect.FEWER,
        factor=0.05,
        country=site.country,
        device=str(rng.choice(list(DEVICES)[:3])),
        metrics=_LESS,
    )


def _clicks_only(rng: Random, site: Site) -> Incident:
    return Incident(
        name=f"{site.quarter} rate only, clicks",
        kind="rate only",
        start=site.start,
        end=site.start + int(rng.integers(30, 48)) * HOUR,
        effect=Effect.FEWER,
        level=2,
        factor=float(rng.uniform(0.3, 0.45)),
        metrics=("click_rate:down", "clicks:down", "spend:down"),
    )


def _requests_only(rng: Random, site: Site) -> Incident:
    """Robots ask, and nobody shows them ads."""
    return Incident(
        name=f"{site.quarter} rate only, requests",
        kind="rate only",
        start=site.start,
        end=site.start + int(rng.integers(18, 30)) * HOUR,
        effect=Effect.MORE,
        level=1,
        factor=float(rng.uniform(1.6, 2.2)),
        country=site.country,
        metrics=("requests:up", "fill_rate:down"),
    )


def _outage(rng: Random, site: Site) -> Incident:
    """Clicks and what follows them are not tracked, anywhere; those who pay for them are not billed."""
    return Incident(
        name=f"{site.quarter} tracking outage",
        kind="tracking outage",
        start=site.start,
        end=site.start + int(rng.integers(14, 26)) * HOUR,
        effect=Effect.FEWER,
        level=2,
        factor=0.0,
        metrics=("clicks:down", "click_rate:down", "spend:down"),
    )


def _late(rng: Random, site: Site) -> Incident:
    return Incident(
        name=f"{site.quarter} late data",
        kind="late data",
        start=site.start,
        end=site.start + int(rng.integers(5, 9)) * HOUR,
        effect=Effect.LATE,
        factor=float(rng.integers(6, 15)),
        country=site.country,
    )


def _budget(rng: Random, site: Site) -> Incident:
    """From the afternoon on there is no money left, some days in a row."""
    hour, days = int(rng.integers(12, 16)), int(rng.integers(3, 6))
    midnight = site.start.astimezone(BILLED_IN).replace(hour=0)
    return Incident(
        name=f"{site.quarter} budget exhausted",
        kind="budget exhausted",
        start=midnight.replace(hour=hour).astimezone(UTC),
        end=(midnight + timedelta(days=days)).astimezone(UTC),
        effect=Effect.FEWER,
        factor=0.03,
        from_hour=hour,
        advertiser=site.advertiser,
        metrics=("impressions:down", "spend:down"),
    )


def _bids(rng: Random, site: Site) -> Incident:
    """Upstream of what is spent: fewer bids, lower prices."""
    pricing = str(rng.choice(["cpm", "cpc"]))
    return Incident(
        name=f"{site.quarter} bid change",
        kind="bid change",
        start=site.start,
        end=site.start + 8 * 24 * HOUR,
        effect=Effect.PRICE,
        factor=float(rng.uniform(0.5, 0.65)),
        pricing=pricing,
        metrics=("spend:down", f"{pricing}:down"),
    )


def _sale(rng: Random, site: Site) -> Incident:
    """A flash sale that everybody knew of."""
    return Incident(
        name=f"{site.quarter} flash sale",
        kind="flash sale",
        start=site.start,
        end=site.start + 24 * HOUR,
        effect=Effect.MORE,
        factor=float(rng.uniform(1.7, 2.3)),
        country=site.country,
        metrics=("requests:up", "impressions:up", "clicks:up", "spend:up"),
        expected=True,
    )


Maker = Callable[[Random, Site], Incident]
_LONG: tuple[Maker, ...] = (_level_shift, _slope, _budget, _bids)
_SHORT: tuple[Maker, ...] = (_drop, _spike, _one_slice, _clicks_only, _requests_only, _outage, _late, _sale)
_EVERYWHERE: tuple[Maker, ...] = (_budget, _bids, _clicks_only, _outage)


def _holiday(country: str, day: date) -> Incident:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    start, end = (_local_hour(midnight + timedelta(days=after), country, 0) for after in (0, 1))
    return Incident(
        name=f"{day} holiday in {country}",
        kind="public holiday",
        start=start,
        end=end,
        effect=Effect.FEWER,
        factor=0.7,
        country=country,
        metrics=_LESS,
        expected=True,
    )


def _clock_changes(year: int) -> list[Incident]:
    """Where and when clocks change. The traffic follows the clocks anyway: the label changes nothing."""
    out = []
    for country, zone in _CHANGES.items():
        noon = datetime(year, 1, 1, 12, tzinfo=UTC)
        for number in range(365):
            at = noon + timedelta(days=number)
            before, after = ((at + timedelta(days=d)).astimezone(ZoneInfo(zone)).utcoffset() for d in (-1, 0))
            if before != after:
                midnight = at.replace(hour=0)
                out.append(
                    Incident(
                        name=f"{at.date()} clocks change in {country}",
                        kind="clocks change",
                        start=midnight,
                        end=midnight + 24 * HOUR,
                        effect=Effect.PRICE,
                        factor=1.0,
                        expected=True,
                    )
                )
    return out
