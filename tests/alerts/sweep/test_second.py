"""The second look reads what was flagged, and nothing that the first one has read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.alerts.sweep.cube import COUNT, CUBOIDS, SHARE, Cube, made, setting

from lapwing.alerts.history import Series
from lapwing.alerts.measured import Measured
from lapwing.alerts.sweep.kept import look
from lapwing.alerts.sweep.looked import Looked
from lapwing.alerts.sweep.second import Second

DAYS = 90


def whole(reader: Cube) -> Series:
    of = reader.whole
    exposure = np.ones_like(of.amount) if of.exposure is None else of.exposure
    return Series(((),), reader.borders[:-1], of.amount, exposure, int(reader.borders[-1]), int(reader.borders[-1]))


def first_look(reader: Cube, complete: int) -> Looked:
    asked = setting(reader, np.arange(DAYS) < complete)
    return look(reader, CUBOIDS, reader.whole, replace(asked, complete=complete))[0]


@pytest.mark.parametrize("plan", [COUNT, SHARE], ids=["counts", "shares"])
@pytest.mark.parametrize("complete", [DAYS, DAYS - 2], ids=["all is complete", "some is not"])
def test_what_the_first_look_read_is_not_read_again(
    plan: Measured, complete: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stretches are short: of the last one all is known, and what is not complete yet was not read."""
    monkeypatch.setattr("lapwing.alerts.sweep.reading.MOST_ROWS", 200)
    reader = Cube.of(*made(DAYS), plan)
    seen = first_look(reader, complete)
    assert set(map(len, seen.read)) == {1, 2}
    wanted = Second.of(reader, replace(seen, read={}), whole(reader), setting(reader).slots, None)
    anew = sum(reader.asked)
    reader.asked.clear()
    found = Second.of(reader, seen, whole(reader), setting(reader).slots, None)
    assert found.series.slices == wanted.series.slices
    assert len(found.series.slices) > 4
    np.testing.assert_array_equal(found.series.amount, wanted.series.amount)
    np.testing.assert_array_equal(found.series.exposure, wanted.series.exposure)
    again = sum(
        end - first for cuboid, (first, end, _) in seen.read.items() if cuboid in {f.cuboid for f in seen.flags}
    )
    assert again > 0
    assert sum(reader.asked) <= len(CUBOIDS) * DAYS - again < anew
