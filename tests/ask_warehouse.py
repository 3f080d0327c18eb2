"""The warehouse that questions are asked of: the sample, made smaller, built through the public door once."""

from __future__ import annotations

import fcntl
import os

import pytest
from door import Ledger

# Fewer users than the sample has; the same days, so that the reviewed questions mean the same dates.
SAMPLE = ("--users", "150", "--days", "471", "--seed", "12")


def build_once(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """The ledger, published: for looking only."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    ledger = Ledger(shared / "ask")
    with (shared / "ask.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ledger.warehouse.exists():
            ledger.data.mkdir(parents=True)
            done = ledger.run("sample-data", *SAMPLE)
            assert done.returncode == 0, done.stderr
            ledger.refresh()
    return ledger
