"""Retention: the triangle of first-time cohorts, their curves and the pooled average."""

import pandas as pd
import streamlit as st

from app import charts
from app.components import drill, panels, shell
from app.queries import retention

page = shell.begin("Retention", "Of the people first seen in a period, how many come back, and after how long.")
db, view = page.db, page.view

with st.container(horizontal=True, key="retention_options"):
    kind = st.segmented_control(
        "Counts as retained",
        ["In that period", "On or after"],
        default="In that period",
        required=True,
        key="kind",
        bind="query-params",
        help="Active in exactly that period, or in it or any later one.",
    )
    unit = st.segmented_control(
        "Shown as", ["Percent", "Users"], default="Percent", required=True, key="unit", bind="query-params"
    )
or_later = kind == "On or after"
if view.segments and view.grain == "day":
    st.markdown("With filters, daily retention reaches as far as the warehouse keeps it by segment.")

cells = pd.DataFrame()
with panels.panel(
    "Retention triangle", help="A cohort is everybody first seen in a period; its size stands beside it."
):
    cells = retention.cells(db, view, or_later)
    if cells.empty:
        panels.empty("Nobody was first seen in these dates.", panels.WIDEN)
    else:
        st.markdown("Grey cells with … belong to a period that is still open. Cells to come are empty.")
        figure = charts.triangle(cells, view.grain, unit == "Percent", page.palette)
        points = panels.chart(figure, f"Retention of cohorts by {view.grain}", "triangle", selectable=True)
        drill.cell(cells, points, view, or_later)
        value, format = ("rate", "percent") if unit == "Percent" else ("users", "localized")
        wide = cells.pivot(index=["cohort_start", "cohort_size"], columns="period_number", values=value)
        number = st.column_config.NumberColumn(format=format)
        columns = {"cohort_start": st.column_config.DateColumn("Cohort"), "cohort_size": "Size"}
        columns |= dict.fromkeys(map(str, wide.columns), number)
        panels.table(
            wide.rename(columns=str).reset_index(),
            view.file_name("retention_triangle"),
            columns,
            alt="Retention triangle",
        )

if not cells.empty:
    with panels.panel(
        "Retention curves", help="Thin lines: cohorts. Thick line: summed retained users over summed cohort sizes."
    ):
        average = retention.average_curve(db, view, or_later)
        panels.chart(charts.cohort_curves(cells, average, view.grain, page.palette), "Retention by age", "curves")
        share = st.column_config.NumberColumn(format="percent")
        columns = {"period_number": "Age", "cohorts": "Cohorts", "cohort_size": "Users", "users": "Retained"}
        panels.table(
            average,
            view.file_name("average_retention"),
            columns | dict.fromkeys(("rate", "low", "high"), share),
            alt="Average retention by age",
        )
