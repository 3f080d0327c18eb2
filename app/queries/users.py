"""The people behind the figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from app.queries.catalogue import quoted
from app.queries.growth import RECENT_DAYS, filters, params
from app.view import View
from app.warehouse import Snapshot, once_a_version

STATE_CONDITIONS = {
    "active": "lifecycle_state <> 'churned'",
    "gained": "lifecycle_state in ('new', 'resurrected')",
}


@dataclass(frozen=True)
class Focus:
    """Which users are asked for, beside the segments of the view; what is None does not restrict.

    state        new, retained, resurrected, churned in `period`, gained (new or resurrected), or active (not churned)
    cohort       users whose first period is this one, active in `period` (`or_later`: or in any after it)
    segment      a segment and the values of it that are wanted, beside the filters of the view
    others       wanted are those with any other value of the segment
    days_active  users active on exactly so many of the last 28 days
    search       part of a user id
    """

    state: str | None = None
    period: date | None = None
    cohort: date | None = None
    or_later: bool = False
    segment: tuple[str, tuple[str, ...]] | None = None
    others: bool = False
    days_active: int | None = None
    search: str = ""


def people(db: Snapshot, view: View, focus: Focus, limit: int) -> pd.DataFrame:
    """Users, the last seen first, at most `limit`: user_id, the segments, first and last seen, active days, events."""
    return db.read(_people(view, focus) + f" limit {limit:d}", _params(view, focus))


def all_people(db: Snapshot, view: View, focus: Focus) -> pd.DataFrame:
    """As `people`, all of them."""
    return db.read_uncached(_people(view, focus), _params(view, focus))


@once_a_version
def how_many(db: Snapshot, view: View, focus: Focus) -> int:
    """The number of users that `people` has."""
    sql = f"select count(*) as users from dim_users where {_condition(view, focus)}"
    return int(db.read(sql, _params(view, focus))["users"].iloc[0])


@once_a_version
def matched(db: Snapshot, view: View) -> tuple[int, int]:
    """The number of users in the segments of the view, and of all users."""
    row = db.read(
        f"select count(*) filter ({filters(view)}) as matched, count(*) as total from dim_users", params(view)
    )
    return int(row["matched"].iloc[0]), int(row["total"].iloc[0])


def user(db: Snapshot, user_id: str) -> dict[str, Any] | None:
    """One user's row of dim_users, None if there is no such user."""
    rows = db.read("select * from dim_users where user_id = $user_id", {"user_id": user_id})
    return None if rows.empty else dict(rows.iloc[0])


def states(db: Snapshot, user_id: str, view: View) -> pd.DataFrame:
    """A user's states: period_start, lifecycle_state."""
    sql = f"""
        select period_start, lifecycle_state
        from user_lifecycle_{view.suffix}
        where user_id = $user_id
        order by period_start
    """
    return db.read(sql, {"user_id": user_id})


def days(db: Snapshot, user_id: str) -> pd.DataFrame:
    """A user's events by day: day, events."""
    sql = "select event_date as day, count(*) as events from fct_events where user_id = $user_id group by all"
    return db.read(f"{sql} order by day", {"user_id": user_id})


def events(db: Snapshot, user_id: str, limit: int) -> pd.DataFrame:
    """A user's last events, the newest first, at most `limit`."""
    sql = f"""
        select event_at, event_type, transaction_category, amount, properties::varchar as properties, source_file
        from fct_events
        where user_id = $user_id
        order by event_at desc
        limit {limit:d}
    """
    return db.read(sql, {"user_id": user_id})


def _people(view: View, focus: Focus) -> str:
    return f"""
        select * exclude (first_seen_at, last_seen_at, lifetime_days)
        from dim_users
        where {_condition(view, focus)}
        order by last_seen_date desc, user_id
    """


def _condition(view: View, focus: Focus) -> str:
    lifecycle = f"select user_id from user_lifecycle_{view.suffix} where"
    conditions = [filters(view)]
    if focus.segment:
        wanted = f"{quoted(focus.segment[0])} = any($focus_values)"
        conditions.append(f"not {wanted}" if focus.others else wanted)
    if focus.search:
        conditions.append("contains(lower(user_id), lower($search))")
    if focus.cohort:
        conditions.append(f"user_id in ({lifecycle} lifecycle_state = 'new' and period_start = $cohort)")
    if focus.period:
        state = STATE_CONDITIONS.get(focus.state or "active", "lifecycle_state = $state")
        conditions.append(
            f"user_id in ({lifecycle} {state} and period_start {'>=' if focus.or_later else '='} $period)"
        )
    if focus.days_active:
        conditions.append(f"user_id in (select user_id from ({RECENT_DAYS}) where days_active = $days_active)")
    return " and ".join(conditions)


def _params(view: View, focus: Focus) -> dict[str, Any]:
    named = {"state": focus.state, "period": focus.period, "cohort": focus.cohort, "search": focus.search}
    values = list(focus.segment[1]) if focus.segment else []
    return params(view) | named | {"days_active": focus.days_active, "focus_values": values}
