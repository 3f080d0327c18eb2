"""Growth: the combined chart, each of its metrics alone, stickiness and power users."""

import streamlit as st

from app import charts, notes
from app.components import drill, panels, shell
from app.queries import catalogue, growth

SINGLE = (
    "active_users",
    "new_users",
    "resurrected_users",
    "retained_users",
    "churned_users",
    "retention_rate",
    "churn_rate",
    "quick_ratio",
)

page = shell.begin("Growth", "New and resurrected users against churned ones, and how often people come.")
db, view = page.db, page.view
metrics = catalogue.metrics(db, "growth_metrics")

anybody = False
with panels.panel("Growth accounting", help="Bars: users. Lines: retention rate and quick ratio, on the right axis."):
    history = growth.history(db, view)
    periods = growth.by_period(history)
    anybody = bool(periods.filter(["active_users", "churned_users"]).fillna(0).any(axis=None))
    if not anybody:
        panels.empty("Nobody matches these dates and filters.", panels.WIDEN)
    else:
        figure = charts.growth_combined(periods, metrics, view.grain, notes.within(view), page.palette)
        alt = f"New, resurrected and churned users by {view.grain}, with retention rate and quick ratio"
        clicked = panels.chart(figure, alt, "growth_combined", selectable=True)
        drill.growth_bars(clicked, periods, metrics, view, "combined")
        panels.growth_table(history, metrics, view)

if anybody:
    with panels.panel("Each metric alone"):
        clicked = []
        with st.grid(2, min_column_width=320):
            for metric in (metrics[name] for name in SINGLE):
                with st.container():
                    st.markdown(f"**{metric.label}**", help=metric.help)
                    figure = charts.growth_single(periods, metric, view.grain, page.palette)
                    alt, key = f"{metric.label} by {view.grain}", f"single_{metric.name}"
                    clicked += panels.chart(figure, alt, key, selectable=True)
        drill.growth_bars(clicked, periods, metrics, view, "single")

left, right = st.columns(2)
with left, panels.panel("Stickiness", help=catalogue.metrics(db, "active_users_rolling")["stickiness"].help):
    if view.segments:
        st.markdown("For all users: rolling activity is not kept by segment.")
    rolling = growth.rolling(db, view)
    panels.chart(
        charts.stickiness(rolling, page.palette), "Daily, weekly, monthly active users and stickiness", "stickiness"
    )
    columns = {"activity_date": st.column_config.DateColumn("Day")}
    columns |= panels.metric_columns(catalogue.metrics(db, "active_users_rolling"))
    panels.table(rolling, "active_users_rolling.csv", columns, alt="Rolling active users by day")

with (
    right,
    panels.panel("Power users", help="Days active in the 28 days up to the as-of date; a day with an event counts."),
):
    histogram = growth.power_users(db, view)
    if histogram.empty:
        panels.empty("There are fewer than 28 days of history.", "This chart appears when there are.")
    else:
        figure = charts.power_users(histogram, page.palette)
        clicked = panels.chart(figure, "Users by days active in the last 28", "power_users", selectable=True)
        drill.days_bars(clicked, histogram)
        panels.table(histogram, "power_users.csv", alt="Users by days active")
