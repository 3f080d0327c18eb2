"""Segments: any metric over time by any segment, and what each value adds to its change."""

import pandas as pd
import streamlit as st

from app import charts, words
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

history = pd.DataFrame(columns=["segment", "metric", "is_complete"])
with panels.panel(f"{metric.label} by {name}", help=metric.help):
    everything = growth.history(db, view, by)
    history = everything[everything["metric"] == metric.name]
    clicked = []
    if history.empty:
        panels.empty("Nobody matches these dates and filters.", panels.WIDEN)
    elif layout == "One chart":
        figure = charts.segment_lines(history, metric, view.grain, page.palette)
        clicked = panels.chart(figure, f"{metric.label} by {name} and {view.grain}", "segment_lines", selectable=True)
    else:
        highest = history["value"].max()
        with st.grid(3, min_column_width=280):
            for value, rows in history.groupby("segment", sort=False):
                with st.container():
                    st.markdown(f"**{words.plain(value)}**")
                    periods = growth.by_period(rows)
                    figure = charts.growth_single(periods, metric, view.grain, page.palette, str(value), top=highest)
                    alt = f"{metric.label} of {value} by {view.grain}"
                    clicked += panels.chart(figure, alt, f"small_{value}", selectable=True)
    if not history.empty:
        state = drill.state_of(metric)
        counts = everything[everything["metric"] == drill.STATES[state][0]] if state else everything.head(0)
        if state and not counts.empty:
            drill.segment_bars(clicked, counts, state, by, growth.values_behind(db, view, by, counts), view)
        wide = history.pivot(index=["period_start", "is_complete"], columns="segment", values="value").reset_index()
        columns = panels.PERIOD_COLUMNS | dict.fromkeys(
            history["segment"].unique(), panels.number_column(metric, label=None)
        )
        panels.table(
            wide, view.file_name(f"{metric.name}_by_{by}"), columns, alt=f"{metric.label} by {name} and {view.grain}"
        )

complete = history[history["is_complete"].astype(bool)]
if not complete.empty:
    with panels.panel("Share of the change", help="The latest complete period against the one before it."):
        latest = complete["period_start"].max()
        note = "" if metric.is_count else " A rate of several segments is no sum of theirs, so there are no shares."
        st.markdown(f"{words.period(latest, view.grain)} against the {view.grain} before.{note}")
        labels = {"previous": "Before", "value": "Now", "change": "Change"}
        columns = {"segment": words.title(by)}
        columns |= {key: panels.number_column(metric, label) for key, label in labels.items()}
        if metric.is_count:
            columns["share_of_change"] = st.column_config.NumberColumn("Share of the change", format="percent")
        panels.table(
            complete[complete["period_start"] == latest],
            view.file_name(f"{metric.name}_change_by_{by}"),
            columns,
            alt=f"Change of {metric.label} by {name}",
            collapsed=False,
        )
