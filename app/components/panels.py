"""Panels: a titled place on a page with a chart, the same as a table, and its CSV; a failure stays inside it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from pandas.api.types import is_datetime64_any_dtype

from app import words
from app.components.shell import Page
from app.csv_export import to_csv
from app.drawings import Drawing
from app.queries import growth
from app.queries.catalogue import Metric
from app.warehouse import readable

log = logging.getLogger(__name__)

WIDEN = "Choose longer dates, another grain, or fewer filters."

PERIOD_COLUMNS: dict[str, Any] = {
    "period_start": st.column_config.DateColumn("Period"),
    "is_complete": st.column_config.CheckboxColumn("Complete"),
}

# What the reader of a chart has no use for.
CHART_CONFIG = {"displayModeBar": False, "responsive": True}


class _Shared(go.Figure):  # type: ignore[misc]
    """A drawing, as Streamlit takes it: a Plotly figure, of which it only asks the dict.

    Plotly's own figure copies all its values for everybody who asks.
    """

    def __init__(self, drawing: Drawing) -> None:
        self._drawing = drawing

    def to_dict(self) -> Drawing:
        return self._drawing


@contextmanager
def panel(title: str, help: str | None = None) -> Iterator[None]:
    """A titled place. If a query inside fails, it says so and offers to try again; the rest of the page stands."""
    with st.container(border=True):
        st.subheader(title, help=help, anchor=False)
        try:
            yield
        except duckdb.Error as error:
            log.error("panel %s: %s", title, readable(error))
            st.error("This part could not be read from the warehouse.", icon=":material/error:")
            st.button("Try again", icon=":material/refresh:", key=f"retry_{title}")


def empty(reason: str, advice: str) -> None:
    """Says why there is nothing, and how to see more."""
    st.info(f"{reason} {advice}", icon=":material/search_off:")


def chart(
    drawing: Drawing, alt: str, key: str, *, selectable: bool = False, min_width: int = 0
) -> list[dict[str, Any]]:
    """A drawing with its name for screen readers. Returns the points that were clicked, if it is `selectable`.

    min_width  pixels; in a narrower place the drawing scrolls sideways
    """
    if min_width:
        place = f".st-key-{key}"
        st.html(f"<style>{place} {{ overflow-x: auto }} {place} > * {{ min-width: {min_width}px }}</style>")
    figure = _Shared(drawing)
    if not selectable:
        st.plotly_chart(figure, key=key, alt=alt, config=CHART_CONFIG)
        return []
    event = st.plotly_chart(figure, key=key, alt=alt, config=CHART_CONFIG, on_select="rerun", selection_mode="points")
    return list(event["selection"]["points"])


def table(
    rows: Callable[[], pd.DataFrame],
    file_name: str,
    columns: dict[str, Any] | None = None,
    *,
    alt: str,
    collapsed: bool = True,
) -> None:
    """The rows behind a chart, and the same as CSV. They are only asked for when somebody wants them.

    columns    column -> label or column configuration, also the order; None: all of them, under their own names
    collapsed  whether the rows are only shown on demand
    """
    columns = columns or {str(name): words.title(str(name)) for name in rows()}
    with st.container(horizontal=True, vertical_alignment="center"):
        visible = st.toggle("Show table", key=f"table_{file_name}") if collapsed else True
        download(lambda: rows()[list(columns)], file_name)
    if visible:
        shown = rows()[list(columns)]
        config = {str(name): _date_column(shown[name], column) for name, column in columns.items()}
        st.dataframe(shown, column_config=config, hide_index=True, alt=alt, placeholder="")


def _date_column(values: pd.Series, column: Any) -> Any:
    """A column of dates without their midnights."""
    is_date = (
        isinstance(column, str)
        and is_datetime64_any_dtype(values)
        and (values.dropna().dt.normalize() == values.dropna()).all()
    )
    return st.column_config.DateColumn(column) if is_date else column


def download(rows: Callable[[], pd.DataFrame], file_name: str) -> None:
    """A button that makes a CSV of the rows when it is pressed."""
    st.download_button(
        "CSV",
        lambda: to_csv(rows()),
        file_name=file_name,
        mime="text/csv",
        icon=":material/download:",
        key=f"csv_{file_name}",
        on_click="ignore",
        help=f"Download {file_name}",
    )


def metric_columns(metrics: dict[str, Metric]) -> dict[str, Any]:
    """Column configurations for metrics: label, definition on hover, the unit's format."""
    return {metric.name: number_column(metric, metric.label) for metric in metrics.values()}


def number_column(metric: Metric, label: str | None) -> Any:
    """A column of values of a metric, under another name than the metric's; None: the column's own."""
    formats: dict[str, Any] = {"share": "percent", "ratio": "%.2f", "users": "localized"}
    return st.column_config.NumberColumn(label, help=metric.help, format=formats[metric.unit])


def growth_table(page: Page, metrics: dict[str, Metric]) -> None:
    """The growth metrics by period, as a table and as CSV."""
    table(
        lambda: growth.periods(page.db, page.view),
        page.view.file_name("growth_metrics"),
        PERIOD_COLUMNS | metric_columns(metrics),
        alt="Growth metrics by period",
    )
