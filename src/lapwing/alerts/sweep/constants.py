"""All numbers of watching every slice, each with its reason. docs/decisions/035 tells how they were chosen."""

# The screen: the cheap model that looks at every slice first
PATTERN_EVENTS = 25.0
"""Events' worth of belief in the parent's pattern, in each slot: slices differ from their parents by a fifth or so, which 25
events tell as well."""
CLIP = 2.0
"""Deviations of a bucket that are learned. Wider than the full model's, which remembers what each slot showed last: a level
that shifted must be learned all the same."""
LEVEL_EVENTS = 2.0
"""Events' worth of "as the pattern says" that a level begins with; as the full model's."""
STREAMS = (3.0, 12.0)
"""Buckets over which deviations are gathered, beside one alone: what builds up over days, or half a day of hours..."""
STREAM_CLIP = 4.0
"""...of which each bucket gives so many deviations at most."""
SEEN = 2.5
"""Deviations from which on a bucket is remembered as one that a second look may be worth..."""
LOOK = 0.6
"""...which it gets from this share of the evidence on that it would take to be told: from half of it on the full model looks
at twice as many slices and tells of nothing more (docs/decisions/092)."""
PATTERNED = 2
"""Visits of a slot before deviations there tell of the spread."""
MOST_GAIN = 1000.0
"""How many times as much as expected a parent came to, at most: of nothing expected any more is said."""
TRAINED = 6.0
"""Buckets of a slice that its spread takes to be believed."""

# What is watched
SUPPORT_SHARE = 0.001
"""Where events can't be counted, the share of the whole that is worth watching."""
SUPPORT_DAYS = 28.0
"""Days over which that mean is taken..."""
FIRM_DAYS = 14.0
"""...and at least: who has less events in all than so many days of support never had any, and its past need not be known.
Nothing is judged sooner."""
MOST_GROUPS = 1_000_000
"""Slices of one combination of dimensions: more are not read."""
MOST_LOOKED = 50_000_000
"""Cells (slices x buckets) that the full model looks at."""

# What is told
WORTH = 10.0
"""All slices together may raise as much by chance as so many metrics that are followed: who wants to hear of all of them
takes a little more for it. Each number of dimensions has an equal part of that."""

# What explains what
EXPLAINS = 10
"""Slices that explain one bucket, at most."""
BACK = 14
"""Buckets that an unusual stretch is followed back over at most."""
OFF = 1.5
"""Deviations from which on a bucket belongs to the stretch."""
LOOK_BACK = 28
"""Days before it by which slices are compared in size..."""
LIKE_EVENTS = 25.0
"""...and events in the same seasonal slot that outweigh those of all of them."""
SPECIFIC = 0.02
"""The share of what it explains that each of its dimensions costs a slice: of two that tell the same, the more general is
told."""
HALF = 0.5
"""The share of the surprise of one that is to be explained which a slice must account for to be what explains it."""
