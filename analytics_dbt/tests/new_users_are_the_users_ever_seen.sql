{%- set grains = [
    ('day', ref('growth_metrics_daily')),
    ('week', ref('growth_metrics_weekly')),
    ('month', ref('growth_metrics_monthly')),
] -%}

with users as (
    select * from {{ ref('int_users') }}
),

users_by_first_day as (
    select
        first_activity_date as first_date,
        count(*) as users_seen
    from users
    group by first_activity_date
),

active_users as (
    select count(*) as users_of_the_warehouse
    from users
    where active_days > 0
),

periods as (
    {%- for grain, growth in grains %}
    select
        '{{ grain }}' as grain,
        period_start,
        {{ add_periods('period_start', 1, grain) }} as next_period_start,
        sum(new_users) over (order by period_start rows unbounded preceding) as new_users_so_far,
        lead(period_start) over (order by period_start) is null as is_last
    from {{ growth }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

compared as (
    select
        periods.grain,
        periods.period_start,
        periods.is_last,
        periods.new_users_so_far,
        coalesce(sum(users_by_first_day.users_seen), 0) as users_seen_so_far
    from periods
    left join users_by_first_day on periods.next_period_start > users_by_first_day.first_date
    group by periods.grain, periods.period_start, periods.is_last, periods.new_users_so_far
)

-- by the end of the last period, every active user of the warehouse was seen
select
    compared.*,
    active_users.users_of_the_warehouse
from compared
cross join active_users
where
    compared.new_users_so_far != compared.users_seen_so_far
    or (compared.is_last and compared.new_users_so_far != active_users.users_of_the_warehouse)
