"""The life of an incident about data."""

from __future__ import annotations

from lapwing.alerts.data.finding import Finding, standing
from lapwing.alerts.data.lines import additions, is_new, is_quiet
from lapwing.alerts.life import life
from lapwing.alerts.record import Happened, Record

LATE = Finding(kind="late", says="Half is there.", start=100, end=200, actual=5.0, expected=10.0)


def record(*lines: Happened) -> Record:
    return Record(
        id=1, monitor="data:orders:late", definition="", key=("[]", 0, 1), about={"check": "late"}, lines=lines
    )


def test_it_opens_once_grows_and_ends() -> None:
    opened = additions(None, LATE, 1000)
    assert [(one.kind, one.at) for one in opened] == [("opened", 1000)]
    assert opened[0].data["difference"] == -5.0
    first = record(*opened)
    assert additions(first, LATE, 1100) == []
    worse = Finding(kind="late", says="Worse.", start=100, end=400, size=2.0)
    (grew,) = additions(first, worse, 1200)
    assert (grew.kind, grew.number) == ("grew", 2)
    second = record(*opened, grew)
    assert additions(second, worse, 1300) == []
    (mended,) = additions(second, None, 1400)
    assert (mended.kind, mended.data["says"], mended.data["found"]) == ("resolved", "It is mended.", "Worse.")
    over = record(*opened, grew, mended)
    assert life(over.lines).state == "resolved"
    assert is_new(over)
    assert [one.kind for one in additions(over, LATE, 1500)] == ["opened"]
    assert additions(over, None, 1500) == []


def test_it_is_over_though_the_clock_went_back() -> None:
    """It opened by a clock that was ahead: what comes then comes after it, and is written once."""
    first = record(*additions(None, LATE, 1000))
    (mended,) = additions(first, None, 500)
    over = record(*first.lines, mended)
    assert (mended.kind, mended.at, life(over.lines).state) == ("resolved", 1000, "resolved")
    assert additions(over, None, 510) == []


def test_what_something_else_explains_is_not_over() -> None:
    first = record(*additions(None, LATE, 1000))
    assert additions(first, None, 1100, explained=True) == []


def test_what_somebody_resolved_is_not_told_again_of_the_same_data() -> None:
    by_hand = Happened(number=2, kind="closed", at=1100, recorded=1100, who="Ann", data={"reason": "by_hand"})
    first = record(*additions(None, LATE, 1000), by_hand)
    assert additions(first, LATE, 1200) == []
    other = Finding(kind="late", says="Another hour.", start=900, end=1000)
    assert [one.kind for one in additions(first, other, 1300)] == ["opened"]


def test_a_quiet_one_is_over_at_once() -> None:
    quiet = Finding(kind="schema", says="note is new.", start=5, quiet=True)
    lines = additions(None, quiet, 1000)
    assert [one.kind for one in lines] == ["opened", "resolved"]
    assert is_quiet(record(*lines))


def test_the_reason_stands_for_what_follows_from_it() -> None:
    found = tuple(Finding(kind=kind, says="", start=1) for kind in ("schema", "builds", "stale", "late", "volume"))
    assert [one.kind for one in standing(found)] == ["schema"]
    assert [one.kind for one in standing(found[1:])] == ["builds"]
    assert [one.kind for one in standing(found[2:3])] == ["stale"]
