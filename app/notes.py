"""Notes on dates, from an optional `data/annotations.csv` with the columns date and text."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from app.view import View
from app.warehouse import ROOT


@dataclass(frozen=True)
class Note:
    """What happened on a date."""

    date: date
    text: str


def path() -> Path:
    """The file: `annotations.csv` in `DATA_DIR`, default `data`."""
    return ROOT / os.environ.get("DATA_DIR", "data") / "annotations.csv"


def within(view: View) -> tuple[Note, ...]:
    """The notes on the dates of the view. A line without a readable date is left out; no file, no notes."""
    try:
        stat = path().stat()
    except OSError:
        return ()
    notes = _read(path(), stat.st_ino, stat.st_mtime_ns, stat.st_size)
    return tuple(note for note in notes if view.start <= note.date <= view.end)


@functools.lru_cache(maxsize=1)
def _read(path: Path, *_state: int) -> tuple[Note, ...]:
    """All notes of a file, read again when its state is another one."""
    try:
        frame = pd.read_csv(path, dtype=str, usecols=["date", "text"], on_bad_lines="skip", encoding_errors="replace")
    except (OSError, ValueError):
        return ()
    frame["date"] = pd.to_datetime(frame["date"], format="%Y-%m-%d", errors="coerce")
    known = frame.dropna()
    return tuple(Note(day.date(), text) for day, text in zip(known["date"], known["text"], strict=True))
