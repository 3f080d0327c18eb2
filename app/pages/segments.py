"""Segments: any metric over time by any segment, and what each value adds to its change."""

import streamlit as st

from app import drawings, words
from app.components import drill, panels, shell
from app.queries import catalogue, growth

page = shell.begin("Segments", "One metric, side by side for every value of a segment.")
db, view = page.db, page.view

segments = catalogue.segments(db)
if not segments:
    panels.empty("The warehouse groups users by nothing.", "Name columns of the event files in the dbt var `segments`.")
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom", key="segment_options"):
    choices = {metric.label: metric for metric in catalogue.metrics(db, "growth_metrics").values()}
    metric = choices[st.selectbox("Metric", choices, index=4, key="metric", bind="query-params", width=220)]
    by = st.segmented_control(
        "By", segments, default=segments[0], required=True, format_func=words.title, key="by", bind="query-params"
    )
    layout = st.segmented_control(
        "Drawn as", ["One chart", "Small charts"], default="One chart", required=True, key="layout", bind="query-params"
    )
name = words.title(by).lower()

names = []
with panels.panel(f"{metric.label} by {name}", help=metric.help):
    names = growth.series_names(db, view, by)
    clicked = []
    if not names:
        panels.empty("Nobody matches these dates and filters.", panels.WIDEN)
    elif layout == "One chart":
        drawing = drawings.segment_lines(db, view, by, metric.name, page.palette)
        clicked = panels.chart(drawing, f"{metric.label} by {name} and {view.grain}", "segment_lines", selectable=True)
    else:
        with st.grid(3, min_column_width=280):
            for value in names:
                with st.container():
                    st.markdown(f"**{words.plain(value)}**")
                    drawing = drawings.segment_single(db, view, by, metric.name, value, page.palette)
                    alt = f"{metric.label} of {value} by {view.grain}"
                    clicked += panels.chart(drawing, alt, f"small_{value}", selectable=True)
    if names:
        state = drill.state_of(metric)
        if state:
            drill.segment_bars(clicked, page, by, state)
        columns = panels.PERIOD_COLUMNS | dict.fromkeys(names, panels.number_column(metric, label=None))
        panels.table(
            lambda: growth.series_by_period(db, view, by, metric.name),
            view.file_name(f"{metric.name}_by_{by}"),
            columns,
            alt=f"{metric.label} by {name} and {view.grain}",
        )

latest = growth.latest_series(db, view, by, metric.name) if names else None
if latest is not None:
    with panels.panel("Share of the change", help="The latest complete period against the one before it."):
        period, rows = latest
        note = "" if metric.is_count else " A rate of several segments is no sum of theirs, so there are no shares."
        st.markdown(f"{words.period(period, view.grain)} against the {view.grain} before.{note}")
        labels = {"previous": "Before", "value": "Now", "change": "Change"}
        columns = {"segment": words.title(by)}
        columns |= {key: panels.number_column(metric, label) for key, label in labels.items()}
        if metric.is_count:
            columns["share_of_change"] = st.column_config.NumberColumn("Share of the change", format="percent")
        panels.table(
            lambda: rows,
            view.file_name(f"{metric.name}_change_by_{by}"),
            columns,
            alt=f"Change of {metric.label} by {name}",
            collapsed=False,
        )
