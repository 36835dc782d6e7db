"""The benchmark of alerts: its scores are those of the paper, and it runs."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from benchmarks.alerts import __main__ as command
from benchmarks.alerts import causes, heavy_tails
from benchmarks.alerts.scoring import LOW_FP, STANDARD, Labelled, Profile, bursts, curve, found, frozen
from hypothesis import given
from hypothesis import strategies as st


def labelled(rows: int, *windows: tuple[int, int], name: str = "a/one") -> Labelled:
    return Labelled(name, np.linspace(0.0, 300.0 * (rows - 1), rows), np.zeros(rows), windows)


def by_the_paper(one: Labelled, alarms: list[int], profile: Profile) -> float:
    """Slowly, one alarm after the other."""

    def sigmoid(position: float) -> float:
        return 2 / (1 + math.exp(5 * position)) - 1

    total = -profile.missed * len(one.windows)
    told: set[tuple[int, int]] = set()
    for row in alarms:
        if row < one.first:
            continue
        inside = next((window for window in one.windows if window[0] <= row <= window[1]), None)
        if inside:
            if inside not in told:
                width = inside[1] - inside[0] + 1
                total += profile.missed + sigmoid((row - inside[1] - 1) / width) / sigmoid(-1)
                told.add(inside)
            continue
        before = [window for window in one.windows if window[1] < row]
        far = (row - before[-1][1]) / (before[-1][1] - before[-1][0]) if before else math.inf
        total += profile.false_alarm * (-1.0 if far > 3 else sigmoid(far))
    return total


@given(st.lists(st.integers(0, 9), min_size=200, max_size=200), st.sampled_from([STANDARD, LOW_FP]))
def test_scores_at_every_threshold_are_the_papers(score: list[int], profile: Profile) -> None:
    one = labelled(200, (40, 59), (120, 139))
    scores = {one.name: np.array(score, float)}
    whole = curve([one], scores, profile)
    for threshold in sorted({*score, 10}):
        alarms = [row for row, level in enumerate(score) if level >= threshold]
        assert whole.at(threshold) == pytest.approx(by_the_paper(one, alarms, profile))


def test_silence_is_0_and_alarms_at_the_starts_100() -> None:
    one = labelled(200, (40, 59), (120, 139))
    score = np.zeros(200)
    score[[40, 120]] = 1
    whole = curve([one], {one.name: score}, STANDARD)
    assert whole.percent(whole.at(1.0)) == pytest.approx(100)
    assert whole.percent(whole.at(2.0)) == 0
    assert whole.best() == 1.0


def test_frozen_thresholds_come_from_others() -> None:
    one, other = labelled(200, (40, 59), name="a/one"), labelled(200, (40, 59), name="b/other")
    low, high = np.zeros(200), np.zeros(200)
    low[40], high[40], high[[100, 150]] = 0.5, 0.9, 0.6
    score, thresholds = frozen([one, other], {"a/one": low, "b/other": high}, STANDARD)
    assert thresholds == {"a": 0.9, "b": 0.5}
    raw = by_the_paper(one, [], STANDARD) + by_the_paper(other, [40, 100, 150], STANDARD)
    assert score == pytest.approx(100 * (raw + 2) / 4)


def test_bursts_and_windows_found() -> None:
    one = labelled(200, (40, 59), (120, 139))
    alarms = np.zeros(200, np.bool_)
    alarms[[5, 58, 59, 60, 61, 100, 102]] = True
    assert bursts(one, alarms) == 3
    assert found(one, alarms) == 1


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Two categories with a spike each: we find them, and figures are written."""
    for category in ("first", "second"):
        (tmp_path / category).mkdir()
        values = np.random.default_rng(len(category)).normal(10, 1, 1000)
        values[900] = 100
        times = np.datetime64("2024-01-01T00:00:00") + 300 * np.arange(1000)
        lines = [f"{str(time).replace('T', ' ')},{value}" for time, value in zip(times, values, strict=True)]
        (tmp_path / category / "spike.csv").write_text("\n".join(["timestamp,value", *lines]) + "\n")
        edges = [f"{str(times[at]).replace('T', ' ')}.000000" for at in (880, 920)]
    windows = {f"{category}/spike.csv": [edges] for category in ("first", "second", "absent")}
    (tmp_path / "windows.json").write_text(json.dumps(windows))
    monkeypatch.setattr("sys.argv", ["alerts", "--nab", str(tmp_path), "--json", str(tmp_path / "out.json")])
    assert command.main() == 0
    figures = json.loads((tmp_path / "out.json").read_text())["nab"]
    assert figures["series"] == 2
    assert figures["flags"] == {"windows": 2, "windows found": 2, "false bursts a series-week": 0.0}
    ours = figures["detectors"]["lapwing detect"]
    assert ours["Standard best"] > 80 > figures["detectors"]["random"]["Standard best"]
    assert "S-H-ESD" in capsys.readouterr().out


def test_the_command_needs_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["alerts"])
    with pytest.raises(SystemExit):
        command.main()


def test_made_series_are_the_same_each_time() -> None:
    first, second = heavy_tails.made(1), heavy_tails.made(1)
    assert [one.category for one in first] == list(heavy_tails.KINDS)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
        assert one.windows == other.windows
        assert all(one.first < start < end < len(one.times) for start, end in one.windows)


def test_heavy_tails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is found in made series must not become less: that of the detector as it was chosen, less some room."""
    monkeypatch.setattr("sys.argv", ["alerts", "--heavy-tails", "--small", "--json", str(tmp_path / "out.json")])
    assert command.main() == 0
    figures = json.loads((tmp_path / "out.json").read_text())["heavy_tails"]
    ours = figures["detectors"]["lapwing detect"]
    assert ours["Standard best"] > 50
    assert ours["Standard best"] > figures["detectors"]["S-H-ESD"]["Standard best"]
    assert figures["flags"]["false bursts a series-week"] <= 0.2


def test_root_causes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An incident whose cause has two dimensions: one-dimensional methods can't name it."""
    random, lines = np.random.default_rng(3), ["min,value,cnt,cdn,isp,device"]
    for minute, cdn, isp, device in itertools.product(range(6), "1234", "abc", "xyz"):
        rate = 0.3 if (minute, cdn, isp) == (5, "2", "b") else 0.03
        lines.append(f"{60 * minute},{random.binomial(500, rate)},500,{cdn},{isp},{device}")
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "one_7.csv").write_text("\n".join(lines) + "\n")
    case = {"case": "one_7", "timestamp": 300, "cause": {"cdn": 2, "isp": "b"}}
    (tmp_path / "causes.json").write_text(json.dumps([case]))
    monkeypatch.setattr("sys.argv", ["alerts", "--causes", str(tmp_path), "--json", str(tmp_path / "out.json")])
    assert command.main() == 0
    figures = json.loads((tmp_path / "out.json").read_text())["causes"]
    assert figures["lapwing explain"] == {"exact F1": 1.0, "recall at 3": 1.0, "F1 by fold": [1.0]}
    assert figures["Adtributor"]["exact F1"] == 0
    assert "1 incidents of 1 streams" in capsys.readouterr().out


def test_the_score_of_an_answer() -> None:
    one: causes.Slice = {"a": "1"}
    two: causes.Slice = {"a": "2"}
    assert causes.summed([causes.score([one], [two, one])]) == (0.0, 1.0)
    assert causes.summed([causes.score([one, two], [two])]) == pytest.approx((2 / 3, 0.5))
    assert causes.summed([causes.score([one], [])]) == (0.0, 0.0)
