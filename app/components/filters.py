"""The filter bar: what a reader can choose, all of it in the URL, and shown as chips that take it away again."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from app import words
from app.components import views_menu
from app.queries import catalogue, users
from app.view import CUSTOM_RANGE, DEFAULT_GRAIN, DEFAULT_RANGE, GRAINS, RANGES, View, range_dates
from app.warehouse import Snapshot, once_a_version

DEFAULTS: dict[str, Any] = {"grain": DEFAULT_GRAIN, "range": DEFAULT_RANGE, "open": True}


def view(db: Snapshot, *, with_periods: bool = True) -> View:
    """Draws the bar. Returns what the reader has chosen.

    with_periods  whether grain and dates can be chosen; what was chosen on another page stays in the URL
    """
    first, as_of = _bounds(db)
    grain, start, end, include_open = DEFAULT_GRAIN, first, as_of, True
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        if with_periods:
            grain = st.segmented_control(
                "Grain", list(GRAINS), default=DEFAULT_GRAIN, required=True, key="grain", bind="query-params"
            )
            start, end = _dates(first, as_of)
        with st.popover("Filters", icon=":material/filter_list:"):
            chosen_segments = {
                segment: st.multiselect(
                    words.title(segment),
                    catalogue.segment_values(db, segment),
                    key=_key(segment),
                    bind="query-params",
                    placeholder="Everybody",
                )
                for segment in catalogue.segments(db)
            }
            if with_periods:
                include_open = st.toggle("Show the period that is still open", True, key="open", bind="query-params")
        views_menu.menu()
    segments = {segment: values for segment, values in chosen_segments.items() if values}
    shown = View(GRAINS[grain][0], start, end, include_open, segments)
    _chips(db, shown, with_periods)
    return shown


def _dates(first: date, as_of: date) -> tuple[date, date]:
    chosen = st.selectbox(
        "Dates", RANGES, index=RANGES.index(DEFAULT_RANGE), key="range", bind="query-params", width=150
    )
    if chosen != CUSTOM_RANGE:
        return range_dates(chosen, first, as_of)
    picked = st.date_input(
        "From and to", (first, as_of), min_value=first, max_value=as_of, key="dates", bind="query-params", width=240
    )
    # While only one end is picked the range is not there yet: show up to the as-of date.
    return picked if len(picked) == 2 else (picked[0] if picked else first, as_of)


@once_a_version
def _bounds(db: Snapshot) -> tuple[date, date]:
    row = db.read("select min(activity_date) as first, max(activity_date) as last from active_users_rolling").iloc[0]
    return row["first"].date(), row["last"].date()


def _chips(db: Snapshot, shown: View, with_periods: bool) -> None:
    """One line that says what is shown: the dates, each filter with a way to remove it, how many users match."""
    matched, total = users.matched(db, shown)
    defaults = DEFAULTS if with_periods else {}
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="chips"):
        if with_periods:
            st.markdown(f"{words.day(shown.start)} to {words.day(shown.end)}", width="content")
        for segment, values in shown.segments.items():
            label = f"{words.title(segment)}: {', '.join(map(words.plain, values))}"
            st.button(label, icon=":material/close:", key=f"chip_{segment}", on_click=_set, args=({_key(segment): []},))
        if not shown.include_open:
            st.button(
                "Complete periods only", icon=":material/close:", key="chip_open", on_click=_set, args=({"open": True},)
            )
        if shown.segments:
            cleared: dict[str, Any] = {_key(segment): [] for segment in shown.segments}
            st.button("Clear all", type="tertiary", key="clear", on_click=_set, args=(cleared,))
        if any(st.session_state[key] != default for key, default in defaults.items()) or shown.segments:
            everything = defaults | {_key(segment): [] for segment in catalogue.segments(db)}
            st.button(
                "Reset", type="tertiary", icon=":material/restart_alt:", key="reset", on_click=_set, args=(everything,)
            )
        st.markdown(f"**{matched:,}** of {words.count(total, 'user')} match", width="content")


def _key(segment: str) -> str:
    """A segment's query parameter; users name segments, the prefix keeps them apart from ours."""
    return f"in_{segment}"


def _set(values: dict[str, Any]) -> None:
    for key, value in values.items():
        st.session_state[key] = value
