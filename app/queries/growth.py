"""Growth accounting: each period's counts and rates, their changes, and what the changes are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from app.queries.catalogue import metrics, quoted
from app.view import View
from app.warehouse import Snapshot, once_a_version

COUNTS = (
    "new_users",
    "retained_users",
    "resurrected_users",
    "churned_users",
    "active_users",
    "prior_active_users",
)
# As the mart `power_users` counts: the days with activity among the 28 that end with the as-of date.
RECENT_DAYS = """
    select user_id, count(*) as days_active
    from user_lifecycle_daily
    where lifecycle_state <> 'churned'
        and period_start > (select max(activity_date) - interval 28 day from active_users_rolling)
    group by user_id
"""
EVERYBODY = "All users"
OTHERS = "(all others)"


def filters(view: View) -> str:
    """The condition on the segment columns that the view asks for."""
    chosen = (f"{quoted(segment)} = any($segment_{n})" for n, segment in enumerate(view.segments))
    return " and ".join(chosen) or "true"


def params(view: View) -> dict[str, Any]:
    """The values that the SQL of a view names."""
    values = {f"segment_{n}": chosen for n, chosen in enumerate(view.segments.values())}
    return {"start": view.start, "end": view.end, "include_open": view.include_open, **values}


def in_range(view: View, column: str = "period_start") -> str:
    """The condition that a period shares a day with the view's dates."""
    return f"{column} <= $end and {column} + interval 1 {view.grain} > $start"


def history(db: Snapshot, view: View, by: str | None = None, top: int = 8) -> pd.DataFrame:
    """Every growth metric in every period of the view.

    Parameters
    ----------
    by   a segment: one series for each of its `top` values with most users, one for all the others together;
         None: one series for all users of the view

    Returns one row per series, period and metric: segment, period_start, is_complete, days, days_passed, metric,
    value, denominator, and against the calendar period before it (complete periods only) previous, change,
    relative_change, share_of_change (of a count: its part in the summed change of all series; the parts add up to 1).
    A value the warehouse does not know is NULL.
    """
    # An open period has no churned users and no rates: a ratio of counts so far would be no rate of anything.
    values = " union all ".join(
        f"""
        select segment, period_start, is_complete, {order} as position, '{metric.name}' as metric,
            {metric.sql() if metric.is_count else f"case when is_complete then {metric.sql()} end"} as value,
            {metric.denominator or "null"} as denominator, {metric.is_count} as is_count
        from counts
        """
        for order, metric in enumerate(metrics(db, "growth_metrics").values())
    )
    return db.read(
        f"""
        with {_counts(view, by, top)},

        metric_values as ({values}),

        compared as (
            select
                *,
                lag(value) over (partition by segment, metric order by period_start) as previous,
                case when is_complete then value - previous end as change,
                change / nullif(previous, 0) as relative_change
            from metric_values
        ),

        shared as (
            select *, case when is_count then change / nullif(sum(change) over same_period, 0) end as share_of_change
            from compared
            window same_period as (partition by metric, period_start)
        )

        select
            segment, period_start, is_complete, metric,
            value::double as value, denominator::double as denominator,
            previous::double as previous, change::double as change, relative_change::double as relative_change,
            share_of_change::double as share_of_change,
            (period_start + interval 1 {view.grain})::date - period_start as days,
            (select arg_max(as_of_date, finished_at) from meta.refresh_log) - period_start as days_passed
        from shared
        where {in_range(view)} and (is_complete or $include_open)
        order by segment = '{OTHERS}', segment, period_start, position
        """,
        params(view) | {"top": top},
    )


def _counts(view: View, by: str | None, top: int) -> str:
    """CTEs that end in `counts`: the counts of every series in every period of the spine, zeros included.

    A count is NULL exactly where it is NULL for all users: churned in the open period, prior in the first one.
    """
    sums = ", ".join(f"sum({count}) as {count}" for count in COUNTS)
    known = ", ".join(
        f"case when spine.{count} is not null then coalesce(parts.{count}, 0)::bigint end as {count}"
        for count in COUNTS
    )
    if by:
        parts = f"""
            top_values as (
                select {quoted(by)} as segment
                from dim_users
                where {filters(view)}
                group by all
                order by count(*) desc, segment
                limit $top
            ),

            parts as (
                select period_start, coalesce(top_values.segment, '{OTHERS}') as segment, {sums}
                from growth_by_segment_{view.suffix} as mart
                left join top_values on mart.{quoted(by)} = top_values.segment
                where {filters(view)}
                group by all
            )
        """
    else:
        table = f"growth_by_segment_{view.suffix}" if view.segments else f"growth_metrics_{view.suffix}"
        parts = f"""
            parts as (
                select period_start, '{EVERYBODY}' as segment, {sums}
                from {table}
                where {filters(view)}
                group by all
            )
        """
    return f"""
        {parts},

        counts as (
            select series.segment, spine.period_start, spine.is_complete, {known}
            from growth_metrics_{view.suffix} as spine
            cross join (select distinct segment from parts) as series
            left join parts on spine.period_start = parts.period_start and series.segment = parts.segment
        )
    """


@once_a_version
def series(db: Snapshot, view: View, by: str, metric: str) -> pd.DataFrame:
    """The history of one metric by a segment."""
    everything = history(db, view, by)
    return everything[everything["metric"] == metric]


@once_a_version
def series_names(db: Snapshot, view: View, by: str) -> list[str]:
    """The values of a segment that have a series of their own in a history, and what stands for all the others."""
    return history(db, view, by)["segment"].unique().tolist()


def series_by_period(db: Snapshot, view: View, by: str, metric: str) -> pd.DataFrame:
    """As `series`, with a column for each value of the segment: period_start, is_complete, the values."""
    index = ["period_start", "is_complete"]
    return series(db, view, by, metric).pivot(index=index, columns="segment", values="value").reset_index()


@once_a_version
def latest_series(db: Snapshot, view: View, by: str, metric: str) -> tuple[date, pd.DataFrame] | None:
    """The latest complete period, and the rows of `series` in it; None if there is none."""
    found = series(db, view, by, metric)
    complete = found[found["is_complete"]]
    if complete.empty:
        return None
    start = complete["period_start"].max()
    return start.date(), complete[complete["period_start"] == start]


def change_by_segment(db: Snapshot, view: View, by: str, period_start: date) -> pd.DataFrame:
    """What the change in active users from the period before is made of; the rows add up to the total exactly.

    Returns one row per value of the segment, the largest change first: segment, prior_active_users, active_users,
    new_users, resurrected_users, churned_users, change (= new + resurrected - churned), share_of_change (NULL if
    the total did not change).
    """
    return db.read(
        f"""
        with parts as (
            select
                {quoted(by)} as segment,
                sum(prior_active_users)::bigint as prior_active_users,
                sum(new_users)::bigint as new_users,
                sum(resurrected_users)::bigint as resurrected_users,
                sum(churned_users)::bigint as churned_users,
                sum(active_users)::bigint as active_users,
                (sum(active_users) - sum(prior_active_users))::bigint as change
            from growth_by_segment_{view.suffix}
            where period_start = $period_start and {filters(view)}
            group by all
        )

        select *, change / nullif(sum(change) over (), 0) as share_of_change
        from parts
        order by abs(change) desc, segment
        """,
        params(view) | {"period_start": period_start},
    )


def rolling(db: Snapshot, view: View) -> pd.DataFrame:
    """Daily, weekly and monthly active users and stickiness of every complete day in the view's dates."""
    return db.read(
        """
        select activity_date, dau, wau, mau, stickiness
        from active_users_rolling
        where activity_date between $start and $end and (is_complete or $include_open)
        order by activity_date
        """,
        params(view),
    )


def power_users(db: Snapshot, view: View) -> pd.DataFrame:
    """Users by the number of days they were active in the last 28: days_active (1 to 28), users.

    Nothing while there are fewer than 28 days of history.
    """
    counted = f"""
        select days_active, count(*) as users
        from ({RECENT_DAYS})
        where user_id in (select user_id from dim_users where {filters(view)})
        group by days_active
    """
    return db.read(
        f"""
        with counted as ({counted if view.segments else "from power_users"})

        select days.days_active, coalesce(counted.users, 0) as users
        from range(1, 29) as days(days_active)
        left join counted using (days_active)
        where exists (from power_users)
        order by days_active
        """,
        params(view),
    )


@dataclass(frozen=True)
class Reading:
    """A metric in one period; what the warehouse does not know is None."""

    known: tuple[float, ...]  # its values so far, from the start of the view
    value: float | None
    denominator: float | None
    change: float | None
    relative_change: float | None


@dataclass(frozen=True)
class Latest:
    """The latest complete period of a view: its start, and each metric in it."""

    start: date
    readings: dict[str, Reading]


@once_a_version
def latest(db: Snapshot, view: View) -> Latest | None:
    """The latest complete period for all users of the view; None if there is none."""
    complete = history(db, view)
    complete = complete[complete["is_complete"]]
    if complete.empty:
        return None
    start = complete["period_start"].iloc[-1]
    known: dict[str, list[float]] = {}
    for name, value in zip(complete["metric"].tolist(), complete["value"].tolist(), strict=True):
        known.setdefault(name, [])
        if not math.isnan(value):
            known[name].append(value)
    columns = ("metric", "value", "denominator", "change", "relative_change")
    rows = complete[complete["period_start"] == start]
    readings = {
        name: Reading(tuple(known[name]), *(None if math.isnan(value) else value for value in values))
        for name, *values in zip(*(rows[column].tolist() for column in columns), strict=True)
    }
    return Latest(start.date(), readings)


@once_a_version
def flows(db: Snapshot, view: View) -> dict[str, float]:
    """The counts of the latest complete period; nothing if no period was before it."""
    found = latest(db, view)
    readings = found.readings if found and found.readings["prior_active_users"].value is not None else {}
    return {name: reading.value for name, reading in readings.items() if reading.value is not None}


def by_period(history: pd.DataFrame) -> pd.DataFrame:
    """A history of one series with a column per metric: period_start, is_complete, days, days_passed, the metrics."""
    index = ["period_start", "is_complete", "days", "days_passed"]
    return history.pivot(index=index, columns="metric", values="value").reset_index()


@once_a_version
def periods(db: Snapshot, view: View) -> pd.DataFrame:
    """The history of all users of the view, by period."""
    return by_period(history(db, view))


@once_a_version
def anybody(db: Snapshot, view: View) -> bool:
    """Whether there is anybody in the periods of the view."""
    return bool(periods(db, view).filter(["active_users", "churned_users"]).fillna(0).any(axis=None))
