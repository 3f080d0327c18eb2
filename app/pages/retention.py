"""Retention: the triangle of first-time cohorts, their curves and the pooled average."""

import streamlit as st

from app import charts, drawings
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

oldest = None
with panels.panel(
    "Retention triangle", help="A cohort is everybody first seen in a period; its size stands beside it."
):
    oldest = retention.oldest(db, view, or_later)
    if oldest is None:
        panels.empty("Nobody was first seen in these dates.", panels.WIDEN)
    else:
        cells = retention.cells(db, view, or_later)
        small = " There are too many cells to click: choose one below." if len(cells) > charts.CLICKABLE_CELLS else ""
        st.markdown(f"Grey cells with … belong to a period that is still open. Cells to come are empty.{small}")
        drawing = drawings.triangle(db, view, or_later, unit == "Percent", page.palette)
        width = charts.readable_width(len(cells), oldest)
        alt = f"Retention of cohorts by {view.grain}"
        points = panels.chart(drawing, alt, "triangle", selectable=True, min_width=width)
        drill.cell(points, page, or_later)
        value, format = ("rate", "percent") if unit == "Percent" else ("users", "localized")
        columns = {
            "cohort_start": st.column_config.DateColumn("Cohort", pinned=True),
            "cohort_size": st.column_config.NumberColumn("Size", pinned=True, format="localized"),
        }
        columns |= dict.fromkeys(map(str, range(oldest + 1)), st.column_config.NumberColumn(format=format))
        panels.table(
            lambda: retention.by_age(db, view, or_later, value),
            view.file_name("retention_triangle"),
            columns,
            alt="Retention triangle",
        )

if oldest is not None:
    with panels.panel(
        "Retention curves",
        help="Thick line: summed retained users over summed cohort sizes. Thin lines: the cohorts, up to "
        f"{charts.DRAWN_COHORTS} of them.",
    ):
        drawing = drawings.cohort_curves(db, view, or_later, page.palette)
        panels.chart(drawing, "Retention by age", "curves")
        share = st.column_config.NumberColumn(format="percent")
        ages = {"period_number": "Age", "cohorts": "Cohorts", "cohort_size": "Users", "users": "Retained"}
        panels.table(
            lambda: retention.average_curve(db, view, or_later),
            view.file_name("average_retention"),
            ages | dict.fromkeys(("rate", "low", "high"), share),
            alt="Average retention by age",
        )
