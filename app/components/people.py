"""The list of users and the page of one of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from app import charts, drawings, words
from app.components import drill, panels
from app.components.shell import Page
from app.queries import catalogue, users
from app.queries.users import Focus
from app.view import View
from app.warehouse import Snapshot, once_a_version

LISTED = 500
LISTED_EVENTS = 200


def listing(page: Page) -> None:
    """Users in the segments of the view and the focus that a chart linked to, the last seen first."""
    db, view = page.db, page.view
    focus = drill.focus(catalogue.segments(db))
    with st.container(horizontal=True, vertical_alignment="bottom", key="users_options"):
        search = st.text_input(
            "Find a user", type="search", placeholder="Part of a user id", key="search", bind="query-params", width=260
        )
        if focus != Focus():
            st.page_link(
                drill.USERS_PAGE, label="Show all users", icon=":material/close:", query_params=drill.kept_params()
            )
    focus = replace(focus, search=search.strip())
    with panels.panel(_heading(focus, view.grain)):
        total = users.how_many(db, view, focus)
        if not total:
            panels.empty("No user matches.", "Search for less, or clear the filters above.")
            return
        more = f": the {LISTED} last seen are listed here, all are in the CSV." if total > LISTED else ""
        st.markdown(f"**{words.count(total, 'user')}**{more}")
        columns: dict[str, Any] = {
            "user_id": "User",
            **{segment: words.title(segment) for segment in catalogue.segments(db)},
            "first_seen_date": st.column_config.DateColumn("First seen"),
            "last_seen_date": st.column_config.DateColumn("Last seen"),
            "active_days": st.column_config.NumberColumn("Days active", format="localized"),
            "events": st.column_config.NumberColumn("Events", format="localized"),
        }
        panels.download(lambda: users.all_people(db, view, focus)[list(columns)], "users.csv")
        people, ids = _listed(db, view, focus, tuple(columns))
        event = st.dataframe(
            people,
            column_config=columns,
            hide_index=True,
            alt="Users",
            on_select="rerun",
            selection_mode="single-row",
            key="people",
        )
        chosen = event["selection"]["rows"]
        # The keyboard's way to the same place.
        with st.container(horizontal=True, vertical_alignment="bottom", key="behind_row"):
            picked = st.selectbox(
                "Open a user", ids, index=chosen[0] if chosen else None, placeholder="Choose", width=260
            )
            if picked:
                st.page_link(
                    drill.USERS_PAGE,
                    label=f"Open {words.plain(picked)}",
                    icon=":material/person:",
                    query_params=drill.kept_params(with_focus=True) | {"user": [picked]},
                )


@once_a_version
def _listed(db: Snapshot, view: View, focus: Focus, columns: tuple[str, ...]) -> tuple[pd.DataFrame, list[str]]:
    """The first users, and their ids."""
    people = users.people(db, view, focus, LISTED)[list(columns)]
    return people, people["user_id"].tolist()


def one_user(page: Page, user_id: str) -> None:
    """One user: who they are, their states over time, their days, their events."""
    db, view = page.db, page.view
    st.page_link(
        drill.USERS_PAGE,
        label="Back to the users",
        icon=":material/arrow_back:",
        query_params=drill.kept_params(with_focus=True),
    )
    with panels.panel(f"User {words.plain(user_id)}"):
        user = users.user(db, user_id)
        if user is None:
            panels.empty(
                "There is no such user in this version of the warehouse.", "They may have been excluded or erased."
            )
            return
        facts = {words.title(segment): words.plain(user[segment]) for segment in catalogue.segments(db)}
        facts |= {
            "First seen": words.moment(user["first_seen_at"]),
            "Last seen": words.moment(user["last_seen_at"]),
            "Days active": f"{user['active_days']:,}",
            "Events": f"{user['events']:,}",
        }
        st.table(facts, border="horizontal", width="content", alt="Facts about the user")
    with panels.panel(f"States by {view.grain}"):
        states = users.states(db, user_id, view)
        if states.empty:
            panels.empty("This user has events, but none that counts as activity.", "")
        else:
            panels.chart(drawings.ready(charts.states(states, view.grain, page.palette)), "States over time", "states")
            columns = {"period_start": st.column_config.DateColumn("Period"), "lifecycle_state": "State"}
            panels.table(lambda: states, view.file_name("user_states"), columns, alt="States over time")
    with panels.panel("Days with events"):
        days = users.days(db, user_id)
        panels.chart(drawings.ready(charts.calendar(days, page.palette)), "Events by day", "calendar")
        panels.table(
            lambda: days,
            "user_days.csv",
            {"day": st.column_config.DateColumn("Day"), "events": "Events"},
            alt="Events by day",
        )
    with panels.panel(f"Last {LISTED_EVENTS} events"):
        _events(users.events(db, user_id, LISTED_EVENTS))


def _events(events: pd.DataFrame) -> None:
    columns = {
        "event_at": st.column_config.DatetimeColumn("When (UTC)", format="YYYY-MM-DD HH:mm:ss"),
        **{name: words.title(name) for name in events.columns if name != "event_at"},
    }
    panels.table(lambda: events, "user_events.csv", columns, alt="Events", collapsed=False)


def _heading(focus: Focus, grain: str) -> str:
    """What the list shows, in words."""
    if focus.days_active:
        return f"Active on {focus.days_active} of the last 28 days"
    if focus.period is None:
        return "All users, whenever they were active"
    when = words.period(focus.period, grain)
    if focus.segment:
        segment, values = focus.segment
        named = ", ".join(map(words.plain, values)) if len(values) <= 3 else f"{len(values)} values"
        when += f", {words.title(segment).lower()}: {'any but ' if focus.others else ''}{named}"
    if focus.cohort:
        later = " or later" if focus.or_later else ""
        return f"First seen in {words.period(focus.cohort, grain)} and active in {when}{later}"
    return f"{drill.STATES[focus.state or 'active'][1].capitalize()} in {when}"
