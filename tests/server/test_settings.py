"""Who may be listened to, and with what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lapwing.model.problem import WrongUse
from lapwing.server.settings import Settings, is_loopback

TOKEN = "a-long-secret"


@pytest.mark.parametrize(
    ("host", "only_here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("LocalHost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example.org", False),
        ("", False),
    ],
)
def test_what_only_this_machine_reaches(host: str, only_here: bool) -> None:
    assert is_loopback(host) is only_here


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, None),
        ({"port": 65_535, "token": TOKEN}, None),
        ({"host": "0.0.0.0", "token": TOKEN}, None),
        ({"host": "0.0.0.0"}, "token-needed"),
        ({"host": "::"}, "token-needed"),
        ({"token": "short"}, "weak-token"),
        ({"token": ""}, "weak-token"),
        ({"port": 0}, "bad-port"),
        ({"port": 65_536}, "bad-port"),
    ],
)
def test_what_is_refused(given: dict[str, Any], code: str | None) -> None:
    settings = Settings(root=Path(), **given)
    if code is None:
        settings.check()
        return
    with pytest.raises(WrongUse) as caught:
        settings.check()
    assert caught.value.problems[0].code == code


def test_the_token_is_never_shown() -> None:
    assert TOKEN not in repr(Settings(root=Path(), token=TOKEN))
