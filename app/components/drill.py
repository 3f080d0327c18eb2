"""From a figure to the people behind it. What the list of users focuses on stands in the URL.

Beside every chart that leads to people stand select boxes for what its bars or cells are: a click moves them, and
whoever cannot click, or whose cells are too small to be hit, chooses in them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from app import words
from app.components.shell import Page
from app.queries import growth, retention
from app.queries.catalogue import Metric
from app.queries.users import Focus
from app.view import View
from app.warehouse import Snapshot, once_a_version

USERS_PAGE = "app/pages/users.py"
FOCUS_PARAMS = ("state", "period", "cohort", "later", "segment", "value", "without", "active_days")

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
    segment, values, others = params.get("segment"), tuple(params.get_all("value")), tuple(params.get_all("without"))
    period = _date(params.get("period"))
    if period is None:
        return Focus()
    state = params.get("state")
    return Focus(
        state=state if state in STATES and state != "before" else "active",
        period=period,
        cohort=_date(params.get("cohort")),
        or_later=params.get("later") == "yes",
        segment=(segment, values or others) if segment in segments and (values or others) else None,
        others=bool(others and not values),
    )


def kept_params(*, with_focus: bool = False) -> dict[str, list[str]]:
    """The parameters of the view that is shown; a link that sets its own has to carry them along."""
    left_out = ("user",) if with_focus else ("user", *FOCUS_PARAMS)
    return {name: st.query_params.get_all(name) for name in st.query_params if name not in left_out}


def state_of(metric: Metric) -> str | None:
    """How the users behind a metric count; behind a rate stand those of its numerator."""
    return BY_NUMERATOR.get(metric.numerator)


@dataclass(frozen=True)
class Behind:
    """How many users stand behind the bars of a chart of periods."""

    periods: dict[str, str]  # the start of a period -> its name; the newest first
    latest: int  # the place of the latest complete one among them
    users: dict[tuple[str, str], float | None]  # what is drawn, the start of a period -> users, if they are known


@once_a_version
def _behind_growth(db: Snapshot, view: View) -> Behind:
    """By metric."""
    return _behind(growth.history(db, view).rename(columns={"metric": "drawn"}), view)


@once_a_version
def _behind_series(db: Snapshot, view: View, by: str, state: str) -> Behind:
    """By value of a segment."""
    counts = growth.series(db, view, by, STATES[state][0])
    return _behind(counts.rename(columns={"segment": "drawn"}), view)


def _behind(counts: pd.DataFrame, view: View) -> Behind:
    """counts: drawn, period_start, is_complete, value."""
    starts = counts["period_start"].dt.strftime("%Y-%m-%d").tolist()
    complete = dict(sorted(zip(starts, counts["is_complete"].tolist(), strict=True), reverse=True))
    users = zip(zip(counts["drawn"].tolist(), starts, strict=True), counts["value"].tolist(), strict=True)
    return Behind(
        {start: words.period(date.fromisoformat(start), view.grain) for start in complete},
        list(complete.values()).index(True) if any(complete.values()) else 0,
        {drawn: None if math.isnan(value) else value for drawn, value in users},
    )


def growth_bars(points: Points, page: Page, metrics: dict[str, Metric], key: str) -> None:
    """Leads to the users behind a bar of growth accounting (`customdata`: metric, period)."""
    behind, period_key = _behind_growth(page.db, page.view), _period_key(key, page.view)
    clicked = [(state_of(metrics[point[0]]), point[1]) for point in _clicked(points)]
    _follow(clicked, f"{key}_state", period_key)
    with _row(key):
        state = _state_box([state for state in STATES if state != "before"], key)
        start = _period_box(behind, period_key)
        _people_link(behind.users[STATES[state][0], start], state, date.fromisoformat(start), page.view)


def segment_bars(points: Points, page: Page, by: str, state: str) -> None:
    """Leads to the users who count as `state` behind a point or bar of a series (`customdata`: series, period)."""
    behind, period_key = _behind_series(page.db, page.view, by, state), _period_key("series", page.view)
    names = growth.series_names(page.db, page.view, by)
    _follow(_clicked(points), "series", period_key)
    with _row("series"):
        series = st.selectbox(f"{STATES[state][1].capitalize()} of", names, key="series", width=BOX)
        start = _period_box(behind, period_key)
        others = series == growth.OTHERS
        values = [name for name in names if (name == series) != others]
        users = behind.users[series, start]
        _people_link(users, state, date.fromisoformat(start), page.view, by, values, others=others)


@once_a_version
def _behind_change(db: Snapshot, view: View, by: str, period: date) -> dict[str, dict[str, float]]:
    """Value of a segment -> metric -> users."""
    parts: pd.DataFrame = growth.change_by_segment(db, view, by, period).set_index("segment")
    return parts.to_dict("index")  # type: ignore[return-value]


def change_bars(points: Points, page: Page, by: str, flows: Mapping[str, float], period: date) -> None:
    """Leads to the users behind a bar of the change in active users (`customdata`: state, value of the segment).

    by     the segment; empty: there is none
    flows  of `queries.growth.flows`
    """
    parts = _behind_change(page.db, page.view, by, period) if by else {}
    _follow(_clicked(points), "change_state", "change_value")
    with _row("change"):
        state = _state_box(["new", "resurrected", "churned", "before", "active"], "change")
        value = st.selectbox(
            "of", [EVERYBODY, *parts], format_func=lambda value: value or "Everybody", key="change_value",
            help=HELP, width=BOX,
        )  # fmt: skip
        counts = flows if value == EVERYBODY else parts[value]
        _people_link(counts[STATES[state][0]], state, period, page.view, by, [] if value == EVERYBODY else [value])


@once_a_version
def _behind_days(db: Snapshot, view: View) -> dict[int, int]:
    """Days active -> users."""
    histogram = growth.power_users(db, view)
    return dict(zip(histogram["days_active"].tolist(), histogram["users"].tolist(), strict=True))


def days_bars(points: Points, page: Page) -> None:
    """Leads to the users behind a bar of the histogram of days active (`customdata`: days)."""
    users = _behind_days(page.db, page.view)
    _follow(_clicked(points), "days_active")
    with _row("days"):
        days = st.selectbox(
            "Active on",
            list(users),
            format_func=lambda days: f"{days} of 28 days",
            key="days_active",
            help=HELP,
            width=BOX,
        )
        if users[days]:
            _users_link(f"See these {words.count(users[days], 'user')}", {"active_days": [str(days)]})
        else:
            st.markdown("Nobody.")


@once_a_version
def _cohorts(db: Snapshot, view: View, or_later: bool) -> dict[str, tuple[str, range]]:
    """The start of a cohort -> its name, and the places of its cells in the triangle."""
    starts = retention.cells(db, view, or_later)["cohort_start"].dt.strftime("%Y-%m-%d")
    counts = starts.value_counts(sort=False)
    ends = counts.cumsum()
    return {
        start: (words.period(date.fromisoformat(start), view.grain), range(end - count, end))
        for start, count, end in zip(counts.index, counts, ends, strict=True)
    }


def cell(points: Points, page: Page, or_later: bool) -> None:
    """Answers how many of a cohort were there after so many periods (`customdata`: cohort, age)."""
    view = page.view
    cells, cohorts = retention.cells(page.db, view, or_later), _cohorts(page.db, view, or_later)
    key = _period_key("cell", view)
    _follow(_clicked(points), key, "cell_age")
    with _row("cell"):
        cohort = st.selectbox(
            "Of those first seen in",
            list(cohorts),
            format_func=lambda start: cohorts[start][0],
            key=key,
            width=BOX,
        )
        name, places = cohorts[cohort]
        ages = cells["period_number"].to_numpy()[places.start : places.stop].tolist()
        age = st.selectbox(
            f"there after ({view.grain}s)",
            ages,
            index=min(1, len(ages) - 1),
            key="cell_age",
            help="Or click a cell.",
            width=BOX,
        )
    answer = cells.iloc[places[ages.index(age)]]
    when = words.period(answer["period_start"], view.grain) + (" or later" if or_later else "")
    st.markdown(
        f"**{answer['users']:,} of {words.count(int(answer['cohort_size']), 'user')}** first seen in "
        f"{name} were active in {when}: "
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


def _period_box(behind: Behind, key: str) -> str:
    """A select box of the periods of a chart; it begins with the latest complete one."""
    return st.selectbox(
        "in",
        list(behind.periods),
        index=behind.latest,
        format_func=behind.periods.__getitem__,
        key=key,
        help=HELP,
        width=BOX,
    )


def _people_link(
    users: float | None,
    state: str,
    period: date,
    view: View,
    segment: str = "",
    values: Sequence[str] = (),
    *,
    others: bool = False,
) -> None:
    """A link to the users who count as `state` in a period; if none do, a word.

    values  of the segment, that these users have; `others`: that they do not have
    """
    if not users:
        st.markdown("Not known yet." if users is None else "Nobody.")
        return
    if state == "before":
        state, period = "active", view.before(period)
    params = {"state": [state], "period": [f"{period:%Y-%m-%d}"]}
    params |= {"segment": [segment], "without" if others else "value": list(values)} if values else {}
    _users_link(f"See these {words.count(int(users), 'user')}", params)


def _users_link(label: str, params: dict[str, list[str]]) -> None:
    st.page_link(USERS_PAGE, label=label, icon=":material/group:", query_params=kept_params() | params)


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
