"""What every page has around its content: the version it reads, the freshness of the data, problems with the file."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import streamlit as st

from app import charts, warehouse, words
from app.components import filters
from app.queries import catalogue
from app.view import View
from app.warehouse import Snapshot, WarehouseError, WarehouseMissing

POLL = timedelta(seconds=10)
STALE_AFTER = timedelta(days=2)

# What stands in a row is of one height. A page is no wider than it can be printed: charts keep the width that they have
# on the screen. Paper has no use for what can only be pressed; the chips stay, they say what is shown. Tables have a
# CSV button of ours; the one they come with leaves formulas in.
STYLE = """
    [data-testid=stMainBlockContainer] { max-width: 1480px; margin-inline: auto }
    [data-variant=segmented_control], [data-testid=stPageLink-NavLink] { min-height: 2.5rem }
    @media (max-width: 640px) { [data-testid=InputInstructions] { display: none } }
    @page { size: landscape; margin: 10mm }
    @media print {
        header, .st-key-filters, .st-key-users_options, [class*=st-key-behind_], [data-testid=stDownloadButton],
        [data-testid=stFeedback], .stCheckbox, .stPageLink { display: none }
        [data-testid=stMainBlockContainer] { zoom: 0.8; padding: 0 }
    }
    button[aria-label^="Download as CSV"] { display: none }
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Page:
    """What a page works with: one version of the warehouse, the reader's view, the colours of their theme."""

    db: Snapshot
    view: View
    palette: charts.Palette


def pin_version() -> bool:
    """Pins the published version for this run of the page. If it cannot be read, says what to do instead."""
    try:
        st.session_state["snapshot"] = warehouse.current()
    except WarehouseError as error:
        log.warning("%s", error)
        st.session_state["snapshot"] = None
        st.title("Nothing to show yet" if isinstance(error, WarehouseMissing) else "The warehouse cannot be used")
        st.markdown(f"{error} {error.advice}")
        st.button("Look again", icon=":material/refresh:")
        follow_new_versions()
        return False
    return True


def head(title: str, intro: str) -> Snapshot:
    """Heads a page with its title and the freshness of the data. Returns the version that this run reads."""
    db: Snapshot = st.session_state["snapshot"]
    st.html(f"<style>{STYLE}</style>")
    st.title(title, anchor=False)
    st.markdown(intro)
    _freshness(db)
    if st.session_state.get("follow", True):
        follow_new_versions()
    return db


def begin(title: str, intro: str, *, with_periods: bool = True) -> Page:
    """Heads a page and adds the filter bar. If there are no events, says so, and the page ends here.

    with_periods  whether grain and dates can be chosen
    """
    db = head(title, intro)
    if catalogue.last_refresh(db).as_of is None:
        st.info("The warehouse is there, but no event has been accepted yet. See the Data page for what was delivered.")
        st.stop()
    palette = charts.DARK if st.context.theme.type == "dark" else charts.LIGHT
    return Page(db, filters.view(db, with_periods=with_periods), palette)


@st.fragment(run_every=POLL)
def follow_new_versions() -> None:
    """Moves the page on when another version has been published, without anybody touching it."""
    shown: Snapshot | None = st.session_state.get("snapshot")
    try:
        published = warehouse.published_version()
    except WarehouseMissing:
        return
    if (shown is None and _readable()) or (shown is not None and shown.version != published):
        st.rerun()


def _readable() -> bool:
    try:
        warehouse.current()
    except WarehouseError:
        return False
    return True


def _freshness(db: Snapshot) -> None:
    refresh = catalogue.last_refresh(db)
    now = datetime.now(UTC).replace(tzinfo=None)
    checks = words.count(refresh.tests_passed, "check")
    known = f"Data up to **{words.day(refresh.as_of)}**" if refresh.as_of else "No data yet"
    refreshed = f"refreshed {words.ago(refresh.finished_at, now)} ({words.moment(refresh.finished_at)})"
    with st.container(horizontal=True, vertical_alignment="center", key="freshness"):
        st.markdown(f":material/schedule: {known}, {refreshed}, {checks} passed", width="content")
        if now - refresh.finished_at > STALE_AFTER:
            st.badge("Stale: the last refresh is overdue", icon=":material/warning:", color="orange")
        elif refresh.as_of and now - refresh.as_of > STALE_AFTER:
            newest = words.day(refresh.as_of)
            st.badge(f"Stale: no newer event since {newest}", icon=":material/warning:", color="orange")
