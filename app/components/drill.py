"""From a figure to the people behind it. What the list of users focuses on stands in the URL.

Beside every chart that leads to people stand select boxes for what its bars or cells are: a click moves them, and
whoever cannot click, or whose cells are too small to be hit, chooses in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from app import words
from app.queries.catalogue import Metric
from app.queries.users import Focus
from app.view import View

USERS_PAGE = "app/pages/users.py"
FOCUS_PARAMS = ("state", "period", "cohort", "later", "segment", "value", "active_days")

# How a user counts in a period: the metric that counts them, and the words for it.
STATES = {
    "new": ("new_users", "new"),
    "resurrected": ("resurrected_users", "resurrected"),
    "gained": ("gained_users", "new or resurrected"),
    "retained": ("retained_users", "retained"),
    "churned": ("churned_users", "churned"),
    "active": ("active_users", "active"),
    "before": ("prior_active_users", "active in the period before"),
}
BY_NUMERATOR = {metric: state for state, (metric, _) in STATES.items()} | {"new_users + resurrected_users": "gained"}

Points = list[dict[str, Any]]

BOX = 220  # pixels
HELP = "Or click a bar."
EVERYBODY = ""  # among the values of a segment


def focus(segments: list[str]) -> Focus:
    """The focus that the URL names; what makes no sense in it is left out.

    segments  those that there are
    """
    params = st.query_params
    days = params.get("active_days", "")
    if days.isdecimal():
        return Focus(days_active=int(days))
    segment, values = params.get("segment"), tuple(params.get_all("value"))
    period = _date(params.get("period"))
    if period is None:
        return Focus()
    state = params.get("state")
    return Focus(
        state=state if state in STATES and state != "before" else "active",
        period=period,
        cohort=_date(params.get("cohort")),
        or_later=params.get("later") == "yes",
        segment=(segment, values) if segment in segments and values else None,
    )


def kept_params(*, with_focus: bool = False) -> dict[str, list[str]]:
    """The parameters of the view that is shown; a link that sets its own has to carry them along."""
    left_out = ("user",) if with_focus else ("user", *FOCUS_PARAMS)
    return {name: st.query_params.get_all(name) for name in st.query_params if name not in left_out}


def state_of(metric: Metric) -> str | None:
    """How the users behind a metric count; behind a rate stand those of its numerator."""
    return BY_NUMERATOR.get(metric.numerator)


def growth_bars(points: Points, periods: pd.DataFrame, metrics: dict[str, Metric], view: View, key: str) -> None:
    """Leads to the users behind a bar of growth accounting (`customdata`: metric, period).

    periods  of `queries.growth.by_period`
    """
    clicked = [(state_of(metrics[point[0]]), point[1]) for point in _clicked(points)]
    _follow(clicked, f"{key}_state", _period_key(key, view))
    with _row(key):
        state = _state_box([state for state in STATES if state != "before"], key)
        start = _period_box(periods, view, _period_key(key, view))
        users = periods.loc[periods["period_start"] == start, STATES[state][0]]
        _people_link(users.iloc[0], state, date.fromisoformat(start), view)


def segment_bars(
    points: Points, counts: pd.DataFrame, state: str, by: str, values: dict[str, list[str]], view: View
) -> None:
    """Leads to the users behind a point or bar of a series (`customdata`: series, period).

    counts  series in `segment`, period_start, is_complete, value: the users who count as `state`
    values  series -> the values of the segment `by` that it stands for
    """
    _follow(_clicked(points), "series", _period_key("series", view))
    with _row("series"):
        series = st.selectbox(f"{STATES[state][1].capitalize()} of", list(values), key="series", width=BOX)
        start = _period_box(counts, view, _period_key("series", view))
        users = counts.loc[(counts["segment"] == series) & (counts["period_start"] == start), "value"]
        _people_link(users.iloc[0], state, date.fromisoformat(start), view, by, values[series])


def change_bars(points: Points, parts: pd.DataFrame, by: str, flows: pd.Series, period: date, view: View) -> None:
    """Leads to the users behind a bar of the change in active users (`customdata`: state, value of the segment).

    parts  of `queries.growth.change_by_segment`
    flows  metric -> value in the period, of all users of the view
    """
    _follow(_clicked(points), "change_state", "change_value")
    with _row("change"):
        state = _state_box(["new", "resurrected", "churned", "before", "active"], "change")
        value = st.selectbox(
            "of", [EVERYBODY, *parts["segment"]], format_func=lambda value: value or "Everybody", key="change_value",
            help=HELP, width=BOX,
        )  # fmt: skip
        counts = flows if value == EVERYBODY else parts.set_index("segment").loc[value]
        _people_link(counts[STATES[state][0]], state, period, view, by, [] if value == EVERYBODY else [value])


def days_bars(points: Points, histogram: pd.DataFrame) -> None:
    """Leads to the users behind a bar of the histogram of days active (`customdata`: days)."""
    _follow(_clicked(points), "days_active")
    users = histogram.set_index("days_active")["users"]
    with _row("days"):
        days = st.selectbox(
            "Active on",
            list(users.index),
            format_func=lambda days: f"{days} of 28 days",
            key="days_active",
            help=HELP,
            width=BOX,
        )
        if users[days]:
            _users_link(f"See these {words.count(int(users[days]), 'user')}", {"active_days": [str(days)]})
        else:
            st.markdown("Nobody.")


def cell(cells: pd.DataFrame, points: Points, view: View, or_later: bool) -> None:
    """Answers how many of a cohort were there after so many periods (`customdata`: cohort, age)."""
    key = _period_key("cell", view)
    _follow(_clicked(points), key, "cell_age")
    with _row("cell"):
        cohort = st.selectbox(
            "Of those first seen in",
            [f"{start:%Y-%m-%d}" for start in cells["cohort_start"].drop_duplicates()],
            format_func=lambda start: words.period(date.fromisoformat(start), view.grain),
            key=key,
            width=BOX,
        )
        ages = cells[cells["cohort_start"] == cohort].set_index("period_number")
        age = st.selectbox(
            f"there after ({view.grain}s)",
            list(ages.index),
            index=min(1, len(ages) - 1),
            key="cell_age",
            help="Or click a cell.",
            width=BOX,
        )
    answer = ages.loc[age]
    when = words.period(answer["period_start"], view.grain) + (" or later" if or_later else "")
    st.markdown(
        f"**{answer['users']:,} of {words.count(int(answer['cohort_size']), 'user')}** first seen in "
        f"{words.period(date.fromisoformat(cohort), view.grain)} were active in {when}: "
        f"**{words.number(answer['rate'], 'share')}** "
        f"(95% interval {words.number(answer['low'], 'share')} to {words.number(answer['high'], 'share')})."
        + (" The cohort is small." if answer["is_small"] else "")
        + ("" if answer["is_complete"] else " The period is still open: more may come.")
    )
    if answer["users"]:
        params = {"state": ["active"], "period": [f"{answer['period_start']:%Y-%m-%d}"], "cohort": [cohort]}
        params |= {"later": ["yes"]} if or_later else {}
        _users_link(f"See these {words.count(int(answer['users']), 'user')}", params)


def _clicked(points: Points) -> list[Sequence[Any]]:
    return [point["customdata"] for point in points if point.get("customdata")]


def _follow(clicked: Sequence[Sequence[Any]], *keys: str) -> None:
    """Moves the select boxes to what was clicked: a value for each, None where it stays.

    A click stays selected while other widgets change: only a new one may move anything.
    """
    seen = f"clicked_{keys[0]}"
    new = [tuple(point) for point in clicked if tuple(point) not in st.session_state.get(seen, ())]
    st.session_state[seen] = [tuple(point) for point in clicked]
    for key, value in zip(keys, new[-1] if new else (), strict=False):
        if value is not None:
            st.session_state[key] = value


def _row(key: str) -> Any:
    return st.container(horizontal=True, vertical_alignment="bottom", key=f"behind_{key}")


def _state_box(states: list[str], key: str) -> str:
    return st.selectbox(
        "Users",
        states,
        format_func=lambda state: STATES[state][1].capitalize(),
        key=f"{key}_state",
        width=BOX,
    )


def _period_key(key: str, view: View) -> str:
    """The key of a select box of periods: by grain, for a week may be called as a month is."""
    return f"{key}_{view.grain}"


def _period_box(periods: pd.DataFrame, view: View, key: str) -> str:
    """A select box of the periods in a frame, the newest first; it begins with the latest complete one."""
    known = periods.drop_duplicates("period_start").sort_values("period_start", ascending=False)
    complete = known["is_complete"].tolist()
    return st.selectbox(
        "in",
        [f"{start:%Y-%m-%d}" for start in known["period_start"]],
        index=complete.index(True) if True in complete else 0,
        format_func=lambda start: words.period(date.fromisoformat(start), view.grain),
        key=key,
        help=HELP,
        width=BOX,
    )


def _people_link(
    users: float, state: str, period: date, view: View, segment: str = "", values: Sequence[str] = ()
) -> None:
    """A link to the users who count as `state` in a period, with these values of a segment; if none do, a word."""
    if pd.isna(users) or not users:
        st.markdown("Not known yet." if pd.isna(users) else "Nobody.")
        return
    if state == "before":
        state, period = "active", view.before(period)
    params = {"state": [state], "period": [f"{period:%Y-%m-%d}"]}
    params |= {"segment": [segment], "value": list(values)} if values else {}
    _users_link(f"See these {words.count(int(users), 'user')}", params)


def _users_link(label: str, params: dict[str, list[str]]) -> None:
    st.page_link(USERS_PAGE, label=label, icon=":material/group:", query_params=kept_params() | params)


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
