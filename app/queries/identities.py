"""The identities of growth accounting, computed on the published file for everybody to see."""

from __future__ import annotations

import pandas as pd

from app.view import GRAINS
from app.warehouse import Snapshot

# Over the growth metrics of a grain, each row with `before` (active users of the row before) and the triangle's sums.
IDENTITIES = {
    "active = new + retained + resurrected": "active_users = new_users + retained_users + resurrected_users",
    "active of the period before = retained + churned": "prior_active_users = retained_users + churned_users",
    "change in active = new + resurrected - churned": (
        "active_users - prior_active_users = new_users + resurrected_users - churned_users"
    ),
    "active of the period before is that of the row before": "prior_active_users = before",
    "the retention triangle adds up to active": "active_users = triangle_users",
    "segments add up to active": "active_users = segment_users",
    "quick ratio above 1 exactly when active grew": "(quick_ratio > 1) = (active_users > prior_active_users)",
}


def held(db: Snapshot) -> pd.DataFrame:
    """How often each identity was checked and broken: statement, grain, periods, broken.

    A period where a side is unknown (churned in the open one) is not checked.
    """
    parts = [
        f"select '{statement}' as statement, '{grain}' as grain, "
        f"count({condition}) as periods, count(*) filter (not ({condition})) as broken from {suffix}"
        for statement, condition in IDENTITIES.items()
        for grain, suffix in GRAINS.values()
    ]
    relations = ", ".join(_relation(grain, suffix) for grain, suffix in GRAINS.values())
    return db.read(f"with {relations} {' union all '.join(parts)}")


def _relation(grain: str, suffix: str) -> str:
    return f"""
        {suffix} as (
            select
                growth.*,
                lag(active_users) over (order by period_start) as before,
                triangle.users as triangle_users,
                coalesce(segments.users, 0) as segment_users
            from growth_metrics_{suffix} as growth
            left join (
                select cohort_start + to_{grain}s(period_number) as period_start, sum(retained_users) as users
                from retention_triangle_{suffix}
                group by all
            ) as triangle using (period_start)
            left join (
                select period_start, sum(active_users) as users from growth_by_segment_{suffix} group by all
            ) as segments using (period_start)
        )
    """
