"""From a figure to the people behind it. What the list of users focuses on stands in the URL."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from app import words
from app.queries.users import Focus
from app.view import View

USERS_PAGE = "app/pages/users.py"
FOCUS_PARAMS = ("state", "period", "cohort", "later", "user")
STATES = ("active", *words.STATES)


def focus() -> Focus:
    """The focus that the URL names; what makes no sense in it is left out."""
    params = st.query_params
    period = _date(params.get("period"))
    if period is None:
        return Focus()
    state = params.get("state")
    return Focus(
        state=state if state in STATES else "active",
        period=period,
        cohort=_date(params.get("cohort")),
        or_later=params.get("later") == "yes",
    )


def kept_params() -> dict[str, list[str]]:
    """The parameters of the view that is shown; a link that sets its own has to carry them along."""
    return {name: st.query_params.get_all(name) for name in st.query_params if name not in FOCUS_PARAMS}


def bar(points: list[dict[str, Any]], view: View) -> None:
    """Offers the users behind a clicked bar (`customdata`: metric, value, period)."""
    clicked = points[0].get("customdata") if points else None
    if not clicked:
        st.markdown("Click a bar to reach the users in it.")
        return
    metric, users, start = clicked
    state, period = metric.removesuffix("_users"), date.fromisoformat(start)
    label = f"See the {words.count(int(users), 'user')} {state} in {words.period(period, view.grain)}"
    _users_link(label, state, period)


def cell(cells: pd.DataFrame, points: list[dict[str, Any]], view: View, or_later: bool) -> None:
    """Answers how many of a cohort were there after so many periods, for the cell that is clicked or chosen."""
    if points:
        _follow_click(points[0])
    cohorts = list(cells["cohort_start"].drop_duplicates())
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cohort = st.selectbox(
            "Of those first seen in",
            cohorts,
            format_func=lambda start: words.period(start, view.grain),
            key="cell_cohort",
            width=220,
        )
        ages = cells[cells["cohort_start"] == cohort].set_index("period_number")
        age = st.selectbox(
            f"there after ({view.grain}s)", list(ages.index), index=min(1, len(ages) - 1), key="cell_age", width=220
        )
    answer = ages.loc[age]
    when = words.period(answer["period_start"], view.grain) + (" or later" if or_later else "")
    st.markdown(
        f"**{answer['users']:,} of {words.count(int(answer['cohort_size']), 'user')}** first seen in "
        f"{words.period(cohort, view.grain)} were active in {when}: **{words.number(answer['rate'], 'share')}** "
        f"(95% interval {words.number(answer['low'], 'share')} to {words.number(answer['high'], 'share')})."
        + (" The cohort is small." if answer["is_small"] else "")
        + ("" if answer["is_complete"] else " The period is still open: more may come.")
    )
    later = {"later": "yes"} if or_later else {}
    _users_link(
        f"See these {words.count(int(answer['users']), 'user')}",
        "active",
        answer["period_start"],
        cohort=f"{cohort:%Y-%m-%d}",
        **later,
    )


def _follow_click(point: dict[str, Any]) -> None:
    # A click stays selected while other widgets change: only a new one may move the two that say what is answered.
    clicked = (point.get("customdata"), point["x"])
    if st.session_state.get("cell_clicked") != clicked:
        st.session_state["cell_clicked"] = clicked
        st.session_state["cell_cohort"], st.session_state["cell_age"] = pd.Timestamp(str(clicked[0])), int(clicked[1])


def _users_link(label: str, state: str, period: date, **more: str) -> None:
    params = (
        kept_params()
        | {"state": [state], "period": [f"{period:%Y-%m-%d}"]}
        | {name: [text] for name, text in more.items()}
    )
    st.page_link(USERS_PAGE, label=label, icon=":material/group:", query_params=params)


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
