"""The menu of saved views, and whether the page follows new data."""

from __future__ import annotations

import sqlite3
from html import escape
from urllib.parse import urlencode

import streamlit as st

from app import saved_views, words
from app.saved_views import SavedView


def menu() -> None:
    """Lists the saved views, saves the one that is shown, switches auto-refresh."""
    with st.popover("Views", icon=":material/bookmark:"):
        try:
            _saved()
        except sqlite3.Error:
            st.warning("Views cannot be kept here: the folder of the warehouse is not writable.")
        st.toggle(
            "Follow new data",
            True,
            key="follow",
            persist_state="session",
            help="When a refresh publishes new data, the page moves on to it by itself.",
        )


def _saved() -> None:
    for view in saved_views.listed():
        with st.container(horizontal=True, vertical_alignment="center"):
            # An ordinary link: loading the page anew is what puts the values of a URL into the filters.
            address = f"{view.path}?{urlencode(view.query_params, doseq=True)}"
            st.html(f'<a href="{escape(address)}">{escape(view.name)}</a>', width="content")
            st.button(
                f"Delete {words.plain(view.name)}",
                key=f"forget_{view.name}",
                type="tertiary",
                icon=":material/delete:",
                on_click=saved_views.forget,
                args=(view.name,),
            )
    with st.form("save_view", border=False, clear_on_submit=True):
        name = st.text_input("Save this view as", max_chars=60, placeholder="Weekly, iOS, Thailand").strip()
        if st.form_submit_button("Save", icon=":material/bookmark_add:") and name:
            params = {key: st.query_params.get_all(key) for key in st.query_params}
            saved_views.save(SavedView(name, st.session_state["path"], params))
            st.rerun()
