"""Cards for the latest complete period."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import words
from app.queries.catalogue import Metric
from app.view import View


def metric_cards(
    period: str, history: pd.DataFrame, metrics: dict[str, Metric], names: tuple[str, ...], view: View
) -> None:
    """A card per metric: its value in the latest complete period, its change, its way there, its definition.

    period   name of the latest period
    history  of `queries.growth.history`, one series, complete periods only
    """
    st.markdown(f"**{period}**, compared with the {view.grain} before it")
    with st.grid(4, min_column_width=215) as grid:
        for number, name in enumerate(names):
            with grid.cell(column_span=2 if number == 0 else 1):
                _card(metrics[name], history[history["metric"] == name])


def _card(metric: Metric, rows: pd.DataFrame) -> None:
    latest = rows.iloc[-1]
    known = rows["value"].dropna()
    value = "No value" if pd.isna(latest["value"]) else words.number(latest["value"], metric.unit)
    st.metric(
        metric.label,
        value,
        **_delta(metric, latest),
        help=metric.help,
        border=True,
        height="stretch",
        chart_data=known.tolist() if len(known) > 1 else None,
    )


def _delta(metric: Metric, latest: pd.Series) -> dict[str, Any]:
    """The change in figures, in a word and in colour; without one, why there is none."""
    if pd.isna(latest["value"]):
        reason = words.absence(metric, latest["denominator"], bool(latest["is_complete"]))
        return {"delta": reason, "delta_color": "off", "delta_arrow": "off"}
    if pd.isna(latest["change"]):
        return {"delta": "nothing to compare with", "delta_color": "off", "delta_arrow": "off"}
    change = float(latest["change"])
    return {
        "delta": words.change(change, latest["relative_change"], metric.unit) if change else 0,
        "delta_color": {"up": "normal", "down": "inverse"}.get(metric.direction, "off"),
        "delta_description": words.judgement(change, metric.direction),
    }
