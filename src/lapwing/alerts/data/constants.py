"""The constants of checks of data, each with its reason; benchmarks/alerts/data measures what they do."""

from __future__ import annotations

from typing import Final

from lapwing.alerts.ready.constants import DAY, HOUR

RHYTHM_DAYS: Final = 28
"""Of which the oldest that the newest data ever was is remembered: four weekends."""
RHYTHM_LEAST: Final = 8
"""Times that the data moved on before its rhythm is known."""
RHYTHM_ROOM: Final = 1.5
"""How much older than ever before: half again, since a maximum of four weeks is passed by chance every other month."""
LATE_PART: Final = 0.5
"""Less than this part of the least that is usual at its age is late: what is only a little late comes by itself."""
LATE_SHARE: Final = 0.5
"""Usually at least so much is there at an age that is judged at all."""
LATE_BACK: Final = 7 * DAY
"""For which what is lacking is waited for; then it is lost, and that is no news any more."""
FEW: Final = 20.0
"""Expected rows below which nothing is said of an hour or a day: none at all is no rare thing then."""
HOURS_BACK: Final = 28 * DAY
DAYS_BACK: Final = 400 * DAY
"""History that the usual rows of hours and of days are learned from."""
VOLUME_PART: Final = 0.6
"""A day has at most this part of its expected rows, or at least as many times more, to be told: smaller moves of metrics
are the metrics' own news."""
VALUE_DAYS: Final = 28
VALUE_SHARE: Final = 0.02
VALUE_ROWS: Final = 50.0
"""A value vanished that had, on every day of four weeks, so many rows and in all this share: a few rows come and go."""
NULL_POINTS: Final = 0.1
"""How much higher than on any day before the share of nulls is, to be told."""
MOST_VALUES: Final = 200
"""Values of a dimension beyond which it is not looked at: it costs more, and single ones matter less."""
ACCEPTED: Final = DAY
"""After which a change of a column's type, with which everything still works, is how the data is."""
GREW: Final = 2.0
"""Told again at twice what was told last."""
TROUBLES: Final = 2
"""Looks in a row at which a source does not answer before that is told: one is a restart."""
LOOK_AGAIN: Final = HOUR
"""The usual rows are reckoned anew, unless the data changed before."""
