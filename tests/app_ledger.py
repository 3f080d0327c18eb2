"""What the dashboard is tested on: a small warehouse, built through the public door, once for all test processes."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from door import Ledger, csv_text

START = datetime(2026, 1, 7)
DAYS = 150
USERS = 80
# Some are what a spreadsheet or Markdown would take for more than text.
COUNTRIES = ("TH", "SG", "=2+5", "*bold* [x](y)", "")


def events() -> str:
    """Users who come, stay, pause and leave; the newest event lies in the middle of a month and of a week."""
    rng = random.Random(11)
    lines = []
    for number in range(USERS):
        platform, source, country = (
            rng.choice(("ios", "android", "web")),
            rng.choice(("google", "tiktok")),
            rng.choice(COUNTRIES),
        )
        first = rng.choice((0, rng.randrange(DAYS)))
        pause = range(first + rng.randrange(5, 40), first + rng.randrange(41, 90))
        for day in range(first, min(first + rng.randrange(1, 120), DAYS) + 1):
            if day == first or (day not in pause and rng.random() < 0.3):
                moment = START + timedelta(days=day, minutes=rng.randrange(24 * 60))
                lines.append(f"{moment},u_{number:03},{rng.choice(('open', 'buy'))},{platform},{source},{country}")
    newest = START + timedelta(days=DAYS, hours=23)
    lines += [f"{newest},u_last,open,ios,google,TH", "no time at all,u_001,open,ios,google,TH"]
    return csv_text(*lines, header="event_time,user_id,event_type,platform,utm_source,country")


def build_once(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """The ledger with its one version published: for looking only."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    ledger = Ledger(shared / "dashboard")
    with (shared / "dashboard.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ledger.warehouse.exists():
            ledger.write("event_stream.csv", events())
            # One unusable line in so few is more than a refresh usually lets pass.
            ledger.refresh(max_rejected_share=0.1)
    return ledger


def copy_of(ledger: Ledger, folder: Path) -> Ledger:
    """The published file alone, in a folder of a test's own."""
    folder.mkdir(parents=True, exist_ok=True)
    copy = Ledger(folder)
    shutil.copy(ledger.warehouse, copy.warehouse)
    return copy


def publish_changed(ledger: Ledger, *statements: str) -> None:
    """Publishes a changed copy, as a refresh does: by one rename."""
    changed = ledger.warehouse.with_suffix(".changed")
    shutil.copy(ledger.warehouse, changed)
    with duckdb.connect(str(changed)) as connection:
        for statement in statements:
            connection.execute(statement)
    changed.replace(ledger.warehouse)
