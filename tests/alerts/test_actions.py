"""What people may do depends on what an incident is, and is refused in words that say why."""

from __future__ import annotations

from contextlib import suppress

import pytest

from lapwing.alerts.actions import NAMES, Action, lines_of
from lapwing.alerts.life import Life, life
from lapwing.alerts.record import Happened
from lapwing.model.problem import Conflict, WrongUse

HOUR = 3_600_000_000


def state(*kinds: str, **data: object) -> Life:
    return life(
        Happened(number=n, kind=kind, at=n, recorded=n, who="Ann", data=data) for n, kind in enumerate(kinds, 1)
    )


OPEN = state("opened")
OVER = state("opened", "resolved")
RETRACTED = state("opened", "retracted", reason="late_data")
VOTES = ("useful", "not_useful", "take_back")
GONE = state("opened", "closed", reason="deleted")


def action(name: str, **parts: object) -> Action:
    usual: dict[str, object] = {"who": "Ann", "until": 2 * HOUR, "text": "Seen.", "to": "Bo"}
    return Action(name=name, **{**usual, **parts})  # type: ignore[arg-type]


def kinds(name: str, now: Life, **parts: object) -> list[str]:
    return [line.kind for line in lines_of(action(name, **parts), now, HOUR, 0)]


def test_an_open_incident_allows_all_but_reopening() -> None:
    for name in NAMES:
        if name not in ("reopen", "take_back"):
            assert kinds(name, OPEN)[0] == NAMES[name]
    with pytest.raises(Conflict, match="is open"):
        kinds("reopen", OPEN)


def test_what_is_said_with_it_is_a_comment() -> None:
    assert kinds("acknowledge", OPEN) == ["acknowledged", "commented"]
    assert kinds("acknowledge", OPEN, text="  ") == ["acknowledged"]


@pytest.mark.parametrize(
    ("now", "allowed"),
    [
        (OVER, {"assign", "comment", "reopen", *VOTES}),
        (RETRACTED, {"comment", *VOTES}),
        (GONE, {"assign", "comment", *VOTES}),
    ],
)
def test_what_is_over_allows_little(now: Life, allowed: set[str]) -> None:
    done = set()
    for name in NAMES:
        with suppress(Conflict):
            kinds(name, now)
            done.add(name)
    assert done == allowed


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (action("acknowlege"), "unknown-action"),
        (action("acknowledge", who=" "), "who-needed"),
        (action("acknowledge", who="x" * 101), "who-needed"),
        (action("comment", text=" "), "empty-comment"),
        (action("comment", text="x" * 4001), "too-long"),
        (action("snooze", until=None), "until-needed"),
        (action("snooze", until=HOUR), "bad-until"),
        (action("snooze", until=HOUR * 24 * 400), "bad-until"),
    ],
)
def test_what_lacks_something_is_told(wrong: Action, code: str) -> None:
    with pytest.raises(WrongUse) as caught:
        lines_of(wrong, OPEN, HOUR, None)
    assert caught.value.problems[0].code == code


def test_somebody_was_first() -> None:
    with pytest.raises(Conflict, match="Ann has acknowledged it already"):
        kinds("acknowledge", state("opened", "acknowledged"), who="Bo")


def test_a_persons_last_word_holds_and_the_same_word_adds_nothing() -> None:
    voted = state("opened", "voted", useful=True)
    assert voted.votes == {"Ann": True}
    assert kinds("useful", voted, text="") == []
    assert kinds("useful", voted) == ["commented"]
    (line,) = lines_of(action("not_useful", text=""), voted, HOUR, 0)
    assert (line.kind, dict(line.data)) == ("voted", {"useful": False})
    (line,) = lines_of(action("useful", text="", who="Bo"), voted, HOUR, 0)
    assert line.data["useful"] is True
    (line,) = lines_of(action("take_back", text=""), voted, HOUR, 0)
    assert line.data["useful"] is None
    assert kinds("take_back", OPEN, text="") == []
