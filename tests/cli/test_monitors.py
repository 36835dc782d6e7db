"""lapwing monitors: listed, tried on the past, followed and ended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.alerts.shop import write_shop

from lapwing.cli.main import main


def test_one_is_tried_followed_and_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(write_shop(tmp_path))
    flags = ["fail_rate", "--where", "region=north", "--grain", "hour", "--sensitivity", "6.5"]
    assert main(["-p", root, "monitors", "backtest", *flags]) == 0
    told = capsys.readouterr().out
    assert "incidents of one series from 2024-" in told
    assert "at a sensitivity of 6.5." in told
    assert main(["-p", root, "monitors", "backtest", *flags, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fired"] >= 1
    assert main(["-p", root, "monitors", "follow", *flags]) == 0
    assert capsys.readouterr().out == "Followed as fail_rate_hour_region=north.\n"
    assert main(["-p", root, "monitors", "list"]) == 0
    assert "fail_rate_hour_region=north" in capsys.readouterr().out
    assert main(["-p", root, "monitors", "unfollow", "fail_rate_hour_region=north"]) == 0
    assert main(["-p", root, "monitors", "unfollow", "rate_hourly"]) == 2
    assert "written in the project's files" in capsys.readouterr().err


def test_what_is_mistyped_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(write_shop(tmp_path))
    assert main(["-p", root, "monitors", "backtest", "fail_rate", "--where", "region"]) == 2
    assert "'region' is not DIM=VALUE" in capsys.readouterr().err
    assert main(["-p", root, "monitors", "backtest", "fail_rat"]) == 2
    assert "Did you mean fail_rate" in capsys.readouterr().err
