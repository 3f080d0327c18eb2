{%- set grains = [
    ('day', ref('user_lifecycle_daily'), ref('growth_metrics_daily')),
    ('week', ref('user_lifecycle_weekly'), ref('growth_metrics_weekly')),
    ('month', ref('user_lifecycle_monthly'), ref('growth_metrics_monthly')),
] -%}

with counted as (
    {%- for grain, lifecycle, _ in grains %}
    select
        '{{ grain }}' as grain,
        period_start,
        {{ lifecycle_counts() }}
    from {{ lifecycle }}
    group by period_start
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

growth as (
    {%- for grain, _, growth in grains %}
    select
        '{{ grain }}' as grain,
        period_start,
        new_users,
        retained_users,
        resurrected_users,
        -- NULL in the open period, which therefore may have no row of that state either
        churned_users
    from {{ growth }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    coalesce(counted.grain, growth.grain) as grain,
    coalesce(counted.period_start, growth.period_start) as period_start
from counted
full join growth
    on
        counted.grain = growth.grain
        and counted.period_start = growth.period_start
where
    growth.period_start is null
    {%- for state in ['new', 'retained', 'resurrected', 'churned'] %}
    or coalesce(counted.{{ state }}_users, 0) != coalesce(growth.{{ state }}_users, 0)
    {%- endfor %}
