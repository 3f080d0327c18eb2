"""Fixtures: a ledger of a test's own, empty or with something published."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

import pytest
from door import HEADER, Ledger, csv_text

# ann stays, ben leaves and comes back, cat is seen once; the last day is the as-of date.
PUBLISHED_EVENTS = csv_text(
    "2024-01-01T08:00:00Z,ann,visit,e1,5,ios",
    "2024-01-02T09:00:00Z,ann,visit,e2,,ios",
    "2024-01-02T10:00:00Z,ben,buy,e3,7.5,web",
    "2024-01-03T10:00:00Z,cat,visit,e4,,web",
    "2024-02-05T10:00:00Z,ann,buy,e5,2,ios",
    "2024-02-06T10:00:00Z,ben,visit,e6,,web",
    "2024-02-07T10:00:00Z,ann,visit,e7,,ios",
    header=f"{HEADER},event_id,miles_amount,platform",
)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty data folder, nothing published."""
    (tmp_path / "data").mkdir()
    return Ledger(tmp_path)


@pytest.fixture(scope="session")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A ledger with one version published, made once for all test processes: for looking only."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    ledger = Ledger(shared / "published")
    with (shared / "published.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ledger.warehouse.exists():
            ledger.write("event_stream_1.csv", PUBLISHED_EVENTS)
            ledger.refresh()
    return ledger


@pytest.fixture
def published(published_once: Ledger, tmp_path: Path) -> Ledger:
    """A copy of it for the test to change."""
    return Ledger(shutil.copytree(published_once.folder, tmp_path / "published"))
