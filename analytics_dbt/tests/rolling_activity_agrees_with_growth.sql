with rolling as (
    select * from {{ ref('active_users_rolling') }}
),

growth as (
    select * from {{ ref('growth_metrics_daily') }}
),

power_users as (
    select * from {{ ref('power_users') }}
),

listed as (
    select coalesce(sum(users), 0) as power_users
    from power_users
),

days as (
    select
        *,
        lag(activity_date) over (order by activity_date) as previous_date,
        lead(activity_date) over (order by activity_date) is null as is_last
    from rolling
),

compared as (
    select
        coalesce(days.activity_date, growth.period_start) as activity_date,
        case
            when days.activity_date = days.previous_date
                then 'every day has one row'
            when coalesce(days.dau, -1) != coalesce(growth.active_users, -1)
                then 'dau = active users of the day'
            when days.dau > days.wau
                then 'dau <= wau'
            when days.wau > days.mau
                then 'wau <= mau'
            -- nobody is listed when nobody was active, and when there is too little history to know
            when days.is_last and coalesce(days.mau, 0) != listed.power_users
                then 'power users = mau of the as-of date'
        end as broken_identity
    from days
    full join growth on days.activity_date = growth.period_start
    cross join listed
)

select * from compared
where broken_identity is not null
