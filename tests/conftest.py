"""Fixtures: a ledger of a test's own, empty or with something published."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from door import HEADER, Ledger, csv_text

MadeOnce = Callable[[str, Callable[[Ledger], object]], Ledger]

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


# The files with the longest tests: begun last, one process would work on while the other is done.
LONGEST = ("test_updates", "test_survives", "test_browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.path.stem.startswith(LONGEST))


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty data folder, nothing published."""
    (tmp_path / "data").mkdir()
    return Ledger(tmp_path)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Makes a ledger by its name, once for all test processes: for looking only."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def ledger(name: str, make: Callable[[Ledger], object]) -> Ledger:
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (shared / name).exists():
                with tempfile.TemporaryDirectory(dir=shared) as unfinished:
                    made = Ledger(Path(unfinished) / name)
                    make(made)
                    made.folder.rename(shared / name)
        return Ledger(shared / name)

    return ledger


@pytest.fixture(scope="session")
def published_once(made_once: MadeOnce) -> Ledger:
    """A ledger with one version published, for looking only."""

    def make(ledger: Ledger) -> None:
        ledger.write("event_stream_1.csv", PUBLISHED_EVENTS)
        ledger.refresh()

    return made_once("published", make)


@pytest.fixture
def published(published_once: Ledger, tmp_path: Path) -> Ledger:
    """A copy of it for the test to change."""
    return Ledger(shutil.copytree(published_once.folder, tmp_path / "published"))
