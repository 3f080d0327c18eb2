"""What the change in active users from one period to the next is made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import streamlit as st

from app import drawings, words
from app.components import drill, panels
from app.components.shell import Page
from app.queries import catalogue, growth


def decomposition(page: Page, period: date, flows: Mapping[str, float]) -> None:
    """The change as new + resurrected - churned, and by segment; either way its parts add up to it.

    flows  of `queries.growth.flows`
    """
    db, view, grain = page.db, page.view, page.view.grain
    change = flows["active_users"] - flows["prior_active_users"]
    verb = "rose by" if change > 0 else "fell by" if change < 0 else "stayed the same, at"
    st.markdown(
        f"Active users {verb} **{words.number(abs(change) if change else flows['active_users'])}** "
        f"in {words.period(period, grain)}: {words.signed(flows['new_users'])} new, "
        f"{words.signed(flows['resurrected_users'])} came back, {words.signed(-flows['churned_users'])} churned."
    )
    segments = catalogue.segments(db)
    left, right = st.columns(2, vertical_alignment="bottom") if segments else (st.container(), None)
    with left:
        figure = drawings.change_waterfall(db, view, page.palette)
        clicked = panels.chart(figure, "From active users before to active users after", "waterfall", selectable=True)
    if right is None:
        drill.change_bars(clicked, page, "", flows, period)
        return
    with right:
        by = st.segmented_control(
            "By segment",
            segments,
            default=segments[0],
            required=True,
            format_func=words.title,
            key="change_by",
            bind="query-params",
        )
        figure = drawings.change_bars(db, view, by, period, page.palette)
        clicked += panels.chart(
            figure, f"Change in active users by {words.title(by)}", "change_by_segment", selectable=True
        )
    drill.change_bars(clicked, page, by, flows, period)
    panels.table(
        lambda: growth.change_by_segment(db, view, by, period),
        view.file_name(f"change_by_{by}"),
        {
            "segment": words.title(by),
            "prior_active_users": "Active before",
            "new_users": "+ New",
            "resurrected_users": "+ Resurrected",
            "churned_users": "- Churned",
            "active_users": "= Active",
            "change": "Change",
            "share_of_change": st.column_config.NumberColumn("Share of the change", format="percent"),
        },
        alt=f"What each {words.title(by)} adds to the change in active users",
    )
