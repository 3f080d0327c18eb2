{%- set grains = [
    ('day', ref('growth_metrics_daily')),
    ('week', ref('growth_metrics_weekly')),
    ('month', ref('growth_metrics_monthly')),
] -%}
{%- set as_of_date = "date '" ~ var('as_of_date') ~ "'" if var('as_of_date') is not none else 'max(last_seen_date)' -%}

with users as (
    select * from {{ ref('dim_users') }}
),

-- not from the spine's own models, which are what is tested; no row without an event
bounds as (
    select
        min(first_seen_date) as first_date,
        {{ as_of_date }} as as_of_date
    from users
    having count(*) > 0
),

expected as (
    {%- for grain, _ in grains %}
    {%- set first, last = period_start('first_date', grain, var('week_start')), period_start('as_of_date', grain, var('week_start')) %}
    select
        '{{ grain }}' as grain,
        {{ first }} as first_period,
        {{ last }} as last_period,
        {{ periods_between(first, last, grain) }} + 1 as periods
    from bounds
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

found as (
    {%- for grain, growth in grains %}
    select
        '{{ grain }}' as grain,
        min(period_start) as first_period,
        max(period_start) as last_period,
        count(*) as periods,
        count(case when not is_complete then 1 end) as open_periods,
        max(case when not is_complete then period_start end) as open_period
    from {{ growth }}
    having count(*) > 0
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    expected.*,
    found.first_period as first_period_found,
    found.last_period as last_period_found,
    found.periods as periods_found,
    found.open_periods,
    found.open_period
from expected
full join found on expected.grain = found.grain
where
    found.first_period is distinct from expected.first_period
    or found.last_period is distinct from expected.last_period
    or found.periods is distinct from expected.periods
    or found.open_periods != 1
    or found.open_period != found.last_period
