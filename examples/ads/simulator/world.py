"""Who is in the market: advertisers, their campaigns, and the cells in which events happen.

A cell is a campaign in one country on one kind of device. Within it an event is like any other; what differs lies between
cells. Sizes have heavy tails: a few campaigns make most of the events, a few countries most of each campaign.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

COUNTRIES = {
    "US": ("America/New_York", 1.00, 1.00),
    "IN": ("Asia/Kolkata", 0.80, 0.12),
    "BR": ("America/Sao_Paulo", 0.45, 0.22),
    "JP": ("Asia/Tokyo", 0.40, 0.80),
    "GB": ("Europe/London", 0.30, 0.95),
    "DE": ("Europe/Berlin", 0.28, 0.90),
    "ID": ("Asia/Jakarta", 0.26, 0.10),
    "FR": ("Europe/Paris", 0.22, 0.75),
    "MX": ("America/Mexico_City", 0.20, 0.25),
    "ES": ("Europe/Madrid", 0.14, 0.60),
    "AU": ("Australia/Sydney", 0.10, 1.05),
    "ZA": ("Africa/Johannesburg", 0.07, 0.20),
}
"""Zone, share of the traffic, and price of an ad, against the US."""
DEVICES = {"ios": (0.33, 1.30), "android": (0.47, 0.80), "desktop": (0.17, 1.10), "tv": (0.03, 1.90)}
"""Share of the traffic, and price."""
FORMATS = {"image": (0.008, 1.0), "video": (0.013, 1.8), "carousel": (0.011, 1.2), "text": (0.005, 0.6)}
"""Clicks an impression, and price."""
OBJECTIVES = {"awareness": "cpm", "traffic": "cpc", "sales": "cpc"}
"""What a campaign is for, and what it pays for: a thousand impressions, or a click."""

_FIRST = [
    "Amber",
    "Blue",
    "Bright",
    "Cedar",
    "Clear",
    "Coral",
    "Crisp",
    "Ever",
    "Fern",
    "Gold",
    "Green",
    "Harbor",
    "Iron",
    "Juniper",
    "Lumen",
    "Maple",
    "North",
    "Oak",
]
_SECOND = [
    "Air",
    "Bank",
    "Books",
    "Cars",
    "Coffee",
    "Foods",
    "Games",
    "Health",
    "Hotels",
    "Labs",
    "Mobile",
    "Music",
    "Shoes",
    "Sports",
    "Toys",
    "Travel",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """`campaigns` is the table of that name. Row i of the other arrays is a cell: places in `campaigns`, COUNTRIES and
    DEVICES, its share of the requests while it runs, and the chances that a request is filled, an impression clicked, a
    click converted; `price` is what one charged event (an impression, or a click) costs, in millionths of a dollar.

    `first` and `last` are the days of the year on which each campaign runs, both included; from late in a year into the
    next where `first` is the larger."""

    campaigns: pa.Table
    first: Integers
    last: Integers
    campaign: Integers
    country: Integers
    device: Integers
    share: Floats
    fill: Floats
    click: Floats
    convert: Floats
    price: Floats
    by_click: npt.NDArray[np.bool_]


def make_world(seed: int, campaigns: int = 240, advertisers: int = 48) -> World:
    """The market of a seed."""
    rng = np.random.default_rng([seed, 1])
    names = [f"{first} {second}" for first in _FIRST for second in _SECOND]
    companies = rng.permutation(names)[:advertisers]
    owner = np.minimum(rng.zipf(1.4, campaigns) - 1, advertisers - 1)
    objective = rng.choice(len(OBJECTIVES), campaigns, p=[0.3, 0.3, 0.4])
    formats = rng.choice(len(FORMATS), campaigns, p=[0.4, 0.25, 0.2, 0.15])
    size = rng.pareto(1.3, campaigns) + 0.05
    always = rng.random(campaigns) < 0.7
    begins, lasts = rng.integers(1, 366, campaigns), rng.integers(20, 90, campaigns)
    table = pa.table(
        {
            "campaign_id": np.arange(1, campaigns + 1),
            "campaign": [f"{companies[o]} {number + 1:03d}" for number, o in enumerate(owner)],
            "advertiser": [str(companies[o]) for o in owner],
            "objective": [list(OBJECTIVES)[o] for o in objective],
            "pricing": [list(OBJECTIVES.values())[o] for o in objective],
            "format": [list(FORMATS)[f] for f in formats],
            "daily_budget": pa.array([int(s * 400 + 20) for s in size], pa.int64()),
        }
    )
    targeted = rng.random((campaigns, len(COUNTRIES))) < 0.45
    targeted[np.arange(campaigns), rng.integers(0, 4, campaigns)] = True  # nobody targets nowhere
    where, device = np.nonzero(np.repeat(targeted.ravel()[:, None], len(DEVICES), axis=1))
    campaign, country = np.divmod(where, len(COUNTRIES))
    land, kind, look = (np.array([v[-2:] for v in d.values()]) for d in (COUNTRIES, DEVICES, FORMATS))
    share = size[campaign] * land[country, 0] * kind[device, 0] * rng.lognormal(0, 0.3, len(campaign))
    by_click = np.isin(objective, [1, 2])[campaign]
    days = np.where(always, 366, lasts)[campaign]
    click = (
        look[formats[campaign], 0] * rng.lognormal(0, 0.4, campaigns)[campaign] * rng.lognormal(0, 0.1, len(campaign))
    )
    worth = land[country, 1] * kind[device, 1] * look[formats[campaign], 1] * rng.lognormal(0, 0.5, campaigns)[campaign]
    return World(
        campaigns=table,
        first=np.where(always, 1, begins),
        last=np.where(always, 366, (begins + lasts - 1) % 366 + 1),
        campaign=campaign,
        country=country,
        device=device,
        share=share / (share * days / 366).sum(),
        fill=np.clip(0.86 + 0.06 * rng.standard_normal(len(campaign)), 0.5, 0.99),
        click=np.minimum(click, 0.2),
        convert=np.minimum(0.04 * rng.lognormal(0, 0.6, campaigns), 0.4)[campaign],
        price=np.where(by_click, 450_000.0, 4_000.0) * worth,
        by_click=by_click,
    )
