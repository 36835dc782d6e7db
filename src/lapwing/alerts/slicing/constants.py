"""What the slice search was tuned to, in one place, each with its reason.

The figures are of real incidents of a ratio, with constants chosen on some and judged on others: all lie on broad optima,
except where said.
"""

from __future__ import annotations

import numpy as np

SHIFTS = np.array([0.1, 0.2, 0.4, 0.8, 1.6, 3.2])
"""|log factor| of a shift: 10 % to 24 times, doubling. A grid that ends at 5 times loses a tenth of the causes."""
QUIET = 0.5
"""Share of the earlier moments that the baseline is made of: half of the past may hold other incidents."""
EXPECTED = 2.0
"""Events at the whole's rate that each leaf's baseline begins with, so that small leaves do not start at 0."""
SPARSE = 1.0
"""Events of a leaf's past, on average, below which EXPECTED would say more than the past: now and then are paired then."""
SPREAD = 0.1
"""Variance of log(actual / expected) of a leaf nothing happened to (about 30 %): in an incident all shifts a little."""
SPREAD_LEAVES = 10
"""Leaves that SPREAD counts for: with more than so many unaffected ones, the data decide."""
UNEVEN = 0.25
"""How unevenly a slice may be hit: its leaves stray by so much of the shift. The most sensitive one; twice is worse."""
DEEPEN = 0.5
"""Nats a slice gains for each dimension, so that of two that say the same the fuller description is given."""
SPLIT = 0.1
"""Share of the best slice's evidence that a further slice beside it must add."""
EXTRA = 10.0
"""Nats that it must add at least: about the log of the number of slices, and 2."""
REST = 0.01
"""Share of the first cause's evidence that a cause found in what is left must have."""
MOST = 3
"""Causes at most: people do not act on more."""
LAYERS = 3
"""Dimensions of a slice at most. 2 lose a tenth of the causes, 4 find no more."""
ALPHA = 0.05
"""A cause is clear where chance does as well in at most this share of permutations..."""
BOUND = 0.01
"""...and where the bound on such a likelihood ratio, over all slices and shifts, is at most this."""
KEEP = 8
"""Slices of each combination of dimensions that are looked at as members of a set."""
FEW_LEAVES, MANY_DRAWS, FEW_DRAWS = 2000, 199, 19
"""Up to so many leaves so many permutations, else the least that can show ALPHA: a search has to take < 0.1 s."""
MOST_EVENTS = 1e9
"""Events of a leaf at most: beyond, evidence is lost in the digits of their logarithms, and chance is nothing beside SPREAD."""
UNLIKE = 4.0
"""How many times as much as the past (or as little) may be known to be expected; beyond, the two are not of one thing."""
FREEDOM = 5.0
"""Of Student's tails, of amounts of either sign: heavier than a normal's, so that one leaf does not make a slice."""
LEAST_SIZE = 0.1
"""Of a leaf whose amounts are hardly ever there, as a part of the mean size."""
LEAST_PAST = 4
"""Moments from which on a leaf's own past says how much it varies; PAST is what the others' count for beside it."""
PAST = 3.0
