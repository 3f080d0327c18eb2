"""Notes on dates, from an optional `data/annotations.csv` with the columns date and text."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from app.view import View
from app.warehouse import ROOT


def path() -> Path:
    """The file: `annotations.csv` in `DATA_DIR`, default `data`."""
    return ROOT / os.environ.get("DATA_DIR", "data") / "annotations.csv"


def within(view: View) -> pd.DataFrame:
    """The notes on the dates of the view: date, text. A line without a readable date is left out; no file, no notes."""
    try:
        frame = pd.read_csv(path(), dtype=str, usecols=["date", "text"], on_bad_lines="skip", encoding_errors="replace")
    except (OSError, ValueError):
        return pd.DataFrame({"date": pd.Series(dtype="datetime64[us]"), "text": pd.Series(dtype=str)})
    frame["date"] = pd.to_datetime(frame["date"], format="%Y-%m-%d", errors="coerce")
    known = frame.dropna()
    return known[known["date"].between(pd.Timestamp(view.start), pd.Timestamp(view.end))]
