"""Frames as CSV that is safe to open in a spreadsheet."""

from __future__ import annotations

import pandas as pd

# A cell that begins with one of these is a formula to a spreadsheet, and users choose what their events say.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_csv(frame: pd.DataFrame) -> bytes:
    """The frame as UTF-8 with a byte order mark, by which Excel knows it; text that looks like a formula is quoted."""
    columns = {name: frame[name] for name in frame.columns}
    safe = {_safe(name): column.map(_safe) if _is_text(column) else column for name, column in columns.items()}
    return pd.DataFrame(safe).to_csv(index=False).encode("utf-8-sig")


def _is_text(column: pd.Series) -> bool:
    return pd.api.types.is_string_dtype(column) or pd.api.types.is_object_dtype(column)


def _safe(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
