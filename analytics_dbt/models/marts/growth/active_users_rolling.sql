with activity as (
    select * from {{ ref('int_user_activity_daily') }}
),

periods as (
    select * from {{ ref('int_periods_daily') }}
),

active_days as (
    select
        period_start,
        {{ periods_between('period_start', 'next_period_start', 'day') }} as days_until_next,
        count(*) as users
    from activity
    group by period_start, days_until_next
),

daily as (
    {{ rolling_users('active_days', 'periods', 1) }}
),

weekly as (
    {{ rolling_users('active_days', 'periods', 7) }}
),

monthly as (
    {{ rolling_users('active_days', 'periods', 28) }}
),

final as (
    select
        periods.period_start as activity_date,
        periods.is_complete,
        daily.users as dau,
        weekly.users as wau,
        monthly.users as mau,
        {{ ratio('daily.users', 'monthly.users') }} as stickiness
    from periods
    inner join daily on periods.period_start = daily.period_start
    inner join weekly on periods.period_start = weekly.period_start
    inner join monthly on periods.period_start = monthly.period_start
)

select * from final
order by activity_date
