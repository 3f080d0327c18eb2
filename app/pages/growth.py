"""Growth: the combined chart, each of its metrics alone, stickiness and power users."""

import streamlit as st

from app import drawings, notes
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
    anybody = growth.anybody(db, view)
    if not anybody:
        panels.empty("Nobody matches these dates and filters.", panels.WIDEN)
    else:
        drawing = drawings.growth_combined(db, view, notes.within(view), page.palette)
        alt = f"New, resurrected and churned users by {view.grain}, with retention rate and quick ratio"
        clicked = panels.chart(drawing, alt, "growth_combined", selectable=True)
        drill.growth_bars(clicked, page, metrics, "combined")
        panels.growth_table(page, metrics)

if anybody:
    with panels.panel("Each metric alone"):
        clicked = []
        with st.grid(2, min_column_width=320):
            for metric in (metrics[name] for name in SINGLE):
                with st.container():
                    st.markdown(f"**{metric.label}**", help=metric.help)
                    drawing = drawings.growth_single(db, view, metric.name, page.palette)
                    alt, key = f"{metric.label} by {view.grain}", f"single_{metric.name}"
                    clicked += panels.chart(drawing, alt, key, selectable=True)
        drill.growth_bars(clicked, page, metrics, "single")

left, right = st.columns(2)
with left, panels.panel("Stickiness", help=catalogue.metrics(db, "active_users_rolling")["stickiness"].help):
    if view.segments:
        st.markdown("For all users: rolling activity is not kept by segment.")
    drawing = drawings.stickiness(db, view, page.palette)
    panels.chart(drawing, "Daily, weekly, monthly active users and stickiness", "stickiness")
    columns = {"activity_date": st.column_config.DateColumn("Day")}
    columns |= panels.metric_columns(catalogue.metrics(db, "active_users_rolling"))
    panels.table(
        lambda: growth.rolling(db, view), "active_users_rolling.csv", columns, alt="Rolling active users by day"
    )

with (
    right,
    panels.panel("Power users", help="Days active in the 28 days up to the as-of date; a day with an event counts."),
):
    if growth.power_users(db, view).empty:
        panels.empty("There are fewer than 28 days of history.", "This chart appears when there are.")
    else:
        drawing = drawings.power_users(db, view, page.palette)
        clicked = panels.chart(drawing, "Users by days active in the last 28", "power_users", selectable=True)
        drill.days_bars(clicked, page)
        panels.table(lambda: growth.power_users(db, view), "power_users.csv", alt="Users by days active")
