"""Retention of first-time cohorts."""

from __future__ import annotations

import pandas as pd

from app.queries.catalogue import metrics
from app.queries.growth import filters, in_range, params
from app.view import View
from app.warehouse import Snapshot, once_a_version

Z = 1.959963984540054  # of a 95 % interval
SMALL_COHORT = 30


def cells(db: Snapshot, view: View, or_later: bool) -> pd.DataFrame:
    """The triangle: a row per cohort of the view and age it has reached.

    Returns cohort_start, period_number, period_start (of the cell), cohort_size, users, rate, low, high (Wilson
    95 % interval), is_complete, is_small (cohort under 30).
    """
    return db.read(
        f"""
        with {_triangle(db, view, or_later)},

        rated as (
            select
                cohort_start, period_number, is_complete,
                (cohort_start + to_{view.grain}s(period_number))::date as period_start,
                cohort_size, users, users / nullif(cohort_size, 0) as rate,
                cohort_size < {SMALL_COHORT} as is_small
            from triangle
            where is_complete or $include_open
        )

        select *, {_wilson("rate", "cohort_size")}
        from rated
        order by cohort_start, period_number
        """,
        params(view),
    )


@once_a_version
def oldest(db: Snapshot, view: View, or_later: bool) -> int | None:
    """The highest age in the triangle; None if it has no cell."""
    found = cells(db, view, or_later)["period_number"]
    return None if found.empty else int(found.max())


def by_age(db: Snapshot, view: View, or_later: bool, value: str) -> pd.DataFrame:
    """The triangle as a table: cohort_start, cohort_size, and for each age a column with `users` or `rate`."""
    found = cells(db, view, or_later)
    wide = found.pivot(index=["cohort_start", "cohort_size"], columns="period_number", values=value)
    return wide.reindex(columns=range(int(found["period_number"].max()) + 1)).rename(columns=str).reset_index()


def average_curve(db: Snapshot, view: View, or_later: bool) -> pd.DataFrame:
    """The pooled average: summed retained users over summed cohort sizes, over the cohorts whose cell is complete.

    Returns period_number, cohorts, cohort_size, users, rate, low, high.
    """
    return db.read(
        f"""
        with {_triangle(db, view, or_later)},

        pooled as (
            select
                period_number, count(*) as cohorts,
                sum(cohort_size)::bigint as cohort_size, sum(users)::bigint as users,
                sum(users) / nullif(sum(cohort_size), 0) as rate
            from triangle
            where is_complete
            group by period_number
        )

        select *, {_wilson("rate", "cohort_size")}
        from pooled
        order by period_number
        """,
        params(view),
    )


def _triangle(db: Snapshot, view: View, or_later: bool) -> str:
    rate = metrics(db, "retention_triangle")["cohort_retention_rate_or_later" if or_later else "cohort_retention_rate"]
    table = "retention_by_segment" if view.segments else "retention_triangle"
    return f"""
        triangle as (
            select
                cohort_start, period_number, bool_and(is_complete) as is_complete,
                sum({rate.denominator})::bigint as cohort_size, sum({rate.numerator})::bigint as users
            from {table}_{view.suffix}
            where {in_range(view, "cohort_start")} and {filters(view)}
            group by cohort_start, period_number
        )
    """


def _wilson(rate: str, trials: str) -> str:
    """Columns low and high: the Wilson 95 % interval of a share."""
    centre = f"({rate} + {Z**2 / 2} / {trials}) / (1 + {Z**2} / {trials})"
    half = f"{Z} * sqrt({rate} * (1 - {rate}) / {trials} + {Z**2 / 4} / {trials} ** 2) / (1 + {Z**2} / {trials})"
    return f"greatest({centre} - {half}, 0) as low, least({centre} + {half}, 1) as high"
