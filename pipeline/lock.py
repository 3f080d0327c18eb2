"""One refresh at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from pipeline.errors import BusyError
from pipeline.settings import Workshop


@contextmanager
def sole_writer(workshop: Workshop) -> Iterator[None]:
    """Hold the lock of a warehouse; raises BusyError at once if somebody else does.

    The system lets go of it when the process ends, however it ends: a lock cannot be left behind.
    """
    workshop.folder.mkdir(parents=True, exist_ok=True)
    with workshop.lock.open("a+") as holder:
        try:
            fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder.seek(0)
            raise BusyError(f"another refresh is at work on {workshop.warehouse} ({holder.read().strip()})") from None
        holder.truncate(0)
        holder.write(f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
        holder.flush()
        yield
