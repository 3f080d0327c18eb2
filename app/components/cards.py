"""Cards for the latest complete period."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import words
from app.queries.catalogue import Metric
from app.queries.growth import Latest, Reading
from app.view import View


def metric_cards(latest: Latest, metrics: dict[str, Metric], names: tuple[str, ...], view: View) -> None:
    """A card per metric: its value in the latest complete period, its change, its way there, its definition."""
    period = words.period(latest.start, view.grain)
    st.markdown(f"**{period[0].upper()}{period[1:]}**, compared with the {view.grain} before it")
    with st.grid(4, min_column_width=215) as grid:
        for number, name in enumerate(names):
            with grid.cell(column_span=2 if number == 0 else 1):
                _card(metrics[name], latest.readings[name])


def _card(metric: Metric, reading: Reading) -> None:
    st.metric(
        metric.label,
        "No value" if reading.value is None else words.number(reading.value, metric.unit),
        **_delta(metric, reading),
        help=metric.help,
        border=True,
        height="stretch",
        chart_data=reading.known if len(reading.known) > 1 else None,
    )


def _delta(metric: Metric, reading: Reading) -> dict[str, Any]:
    """The change in figures, in a word and in colour; without one, why there is none."""
    if reading.value is None:
        reason = words.absence(metric, reading.denominator, is_complete=True)
        return {"delta": reason, "delta_color": "off", "delta_arrow": "off"}
    if reading.change is None:
        return {"delta": "nothing to compare with", "delta_color": "off", "delta_arrow": "off"}
    return {
        "delta": words.change(reading.change, reading.relative_change, metric.unit) if reading.change else 0,
        "delta_color": {"up": "normal", "down": "inverse"}.get(metric.direction, "off"),
        "delta_description": words.judgement(reading.change, metric.direction),
    }
