{%- set grains = [('week', ref('growth_metrics_weekly')), ('month', ref('growth_metrics_monthly'))] -%}

with days as (
    select * from {{ ref('growth_metrics_daily') }}
),

days_by_period as (
    {%- for grain, _ in grains %}
    select
        '{{ grain }}' as grain,
        {{ period_start('period_start', grain, var('week_start')) }} as period_start,
        new_users
    from days
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

summed as (
    select
        grain,
        period_start,
        sum(new_users) as new_users
    from days_by_period
    group by grain, period_start
),

periods as (
    {%- for grain, growth in grains %}
    select
        '{{ grain }}' as grain,
        period_start,
        new_users
    from {{ growth }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    coalesce(periods.grain, summed.grain) as grain,
    coalesce(periods.period_start, summed.period_start) as period_start,
    periods.new_users,
    summed.new_users as new_users_of_its_days
from periods
full join summed
    on
        periods.grain = summed.grain
        and periods.period_start = summed.period_start
where coalesce(periods.new_users, -1) != coalesce(summed.new_users, -1)
