"""The ads example as tests take it: its data made small, in a folder of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from lapwing.model.grain import Grain
from lapwing.query.ask import MetricQuery, Order, Top

EXAMPLE = Path(__file__).parents[2] / "examples" / "ads"


def copied(folder: Path) -> Path:
    """The example without data or rollups, in `folder`/ads."""
    away = shutil.ignore_patterns(".lapwing", "data", "__pycache__")
    return Path(shutil.copytree(EXAMPLE, folder / "ads", ignore=away))


def generate(*options: str, environ: Mapping[str, str] | None = None) -> str:
    """Runs the generator; what it says."""
    command = [sys.executable, str(EXAMPLE / "generate.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environ)
    assert done.returncode == 0, done.stderr
    return done.stdout


MONEY = ("spend", "dearest", "cpm", "cpc", "cost_per_conversion")
COUNTS = ("requests", "impressions", "clicks", "conversions", "reach", "fill_rate", "click_rate", "frequency")
QUESTIONS = (
    MetricQuery(metrics=(*MONEY, *COUNTS)),
    MetricQuery(metrics=("spend", "impressions"), grain=Grain.parse("hour"), start="2026-01-03", end="2026-01-06"),
    MetricQuery(metrics=(*COUNTS, "spend"), by=("device",), grain=Grain.parse("day"), zone="Asia/Tokyo"),
    MetricQuery(metrics=MONEY, by=("advertiser", "format"), where="country in ('US', 'DE') and pricing = 'cpc'"),
    MetricQuery(metrics=("spend", "reach"), by=("campaign",), top=Top(count=7, metric="spend")),
    MetricQuery(metrics=("reach", "click_rate"), by=("country", "objective"), grain=Grain.parse("week")),
    MetricQuery(metrics=("spend_mtd", "spend_vs_last_week"), grain=Grain.parse("day")),
    MetricQuery(
        metrics=("conversions", "spend"), by=("advertiser",), order=(Order(name="spend", descending=True),), limit=5
    ),
)
"""What people ask of it: every kind of state, zones, filters, time metrics, the largest."""
