"""All numbers of the online model, each with its reason. docs/decisions/028 tells how they were chosen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What depends on the grain.

    `visits`: how many past visits of a slot its rate remembers. `level` and `spread`: the same in buckets. `history`:
    visits of its finest slot that a bucket needs to be judged. `clip`: winsorising, in robust standard deviations. `first`:
    how many first residuals tell the spread by their median, since nothing is known yet to clip them by: two weeks of
    days, three days of shorter buckets, that no one bad day decides. `day`: buckets a day, 1 for longer ones. `lasting`: the
    buckets that a second, longer level remembers, 0 for none.
    """

    visits: float = 8.0
    level: float = 10.0
    spread: float = 60.0
    history: int = 3
    clip: float = 1.0
    first: int = 14
    day: float = 1.0
    lasting: float = 0.0


# Spread
MOST_FIRST = 288
"""First residuals that are kept at most: a day of five minutes."""
MEDIAN_OF_NORMAL = 0.6745
"""The median of |z| of a standard normal z. Residuals count for the spread up to this many deviations, which makes it much
like the median absolute deviation, kept up by one bucket after the other."""
LEAST_OF_CHANCE = 1.0
"""Counts and shares vary by chance at least..."""
LEAST = 1e-12
"""...what is not counted need not..."""
LEAST_OF_MONEY = 0.01
"""...but sums by a hundredth of themselves: a budget that was spent to the cent for weeks may miss a cent."""

GROWTH = 0.5
"""The share of a sum's variance that grows with the square of its mean, before any is known..."""
GROWTH_PRIOR = 20.0
"""...and the squared relative deviations of means that outweigh it: two weeks of days and nights."""
LEAST_GROWTH = 0.05
"""The least that the variance shrinks to in small buckets."""

# Level
LEVEL_PRIOR = 3.0
"""Buckets' worth of "as the profile says" that a level of constant spread begins with..."""
EVENTS_PRIOR = 2.0
"""...and events' worth (or amounts' worth) of it for what is counted or summed."""

MOST_AGREED = 20.0
"""Deviations of a slot's last visit that let the next one of its side in, on top of `clip`. Without it a season that was
learned wrong stays wrong: winsorised updates would take months."""

# Parents
SHARE_VISITS = 28.0
"""Days over which a slice's share of its parent is remembered: longer than its level, since it is the pattern that is
borrowed."""

# Effects of the calendar
EFFECT_MEMORY = 12.0
"""Days of an effect that are remembered: a year of a day of the month; every year of a holiday that matters."""
EFFECT_PRIOR = 0.5
"""Days' worth of belief in what the parent, or other events of its family, went through."""
EFFECT_PROOF = 4.0
"""Square of the deviations that a sure effect (a day of the month) must have shown, all its days but one together, to be
used at all; far beyond it is used fully (positive-part James and Stein): thirty noisy factors would cost more than they
give. But one, since one incident is no effect."""
PROOF_CLIP = 3.0
"""Deviations that one bucket may prove..."""
EFFECT_CLIP = 6.0
"""...and deviations (of the widened range) that it may teach."""
EVENT_DOUBT = 0.3
"""The relative standard deviation of what an event nobody has seen yet does to a number: at five deviations no fall is
beyond it, nor less than 2.8 times as much..."""
OWN_DOUBT = 0.6
"""...what a project says of itself, such as a sale, may be twice as strong..."""
MARGIN_DOUBT = 0.15
"""...and days around either do less..."""
HELD_DOUBT = 0.2
"""From this doubt on a bucket teaches nothing but the event's factor. The days around an event teach as others do: with
them a month of each year would be lost, and with it much of a young series' first weeks."""
DOUBT_FALLS = 4.0
"""...and with the square of the days of it that were seen it falls: after one .13 is left, after three .05. Hours of the
first day count for little, since mornings of a holiday say little about its evenings."""
CLOCK_DOUBT = 0.02
"""That of a day of 23 or 25 hours: it gains or loses between nothing and an average hour, and half of it is the guess."""
LEVEL_DEVIATIONS = 10.0
"""What doubt is a share of where levels are near zero: so many of their deviations."""

# Clocks that change
CLOCK_PRIOR = 0.5
"""The standard deviation of the share of a change that a series takes part in, before any is seen: both none and all of it
are then within two of them..."""
CLOCK_NOISE = 2.0
"""...and what one robust standard deviation of a bucket tells of it, since neighbours move together."""
CLOCK_CLIP = 1.0
"""Deviations beyond either that a bucket may tell: an incident is no change of clocks."""
CLOCK_CLEAR = 2.0
"""Standard deviations of the share within which it is none or all."""
CLOCK_MIXED = 0.15
"""The standard deviation of the share from hour to hour where half of a series goes along: its parts have days of their own..."""
CLOCK_FORGETS = 0.75
"""...so that much of its profiles' weight gives way to what is seen from then on."""
CLOCK_OPEN = 0.5
"""From this share of a bucket's spread on, what is not known of a change makes it count for itself only, and it teaches
nothing."""
