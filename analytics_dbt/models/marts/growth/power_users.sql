{%- set days = 28 -%}

with activity as (
    select * from {{ ref('int_user_activity_daily') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

-- with less history than the window nobody knows how active its users were
window_start as (
    select {{ add_periods('as_of_date', 1 - days, 'day') }} as first_date
    from as_of
    where first_event_date <= {{ add_periods('as_of_date', 1 - days, 'day') }}
),

recent as (
    select
        activity.user_id,
        count(*) as days_active
    from activity
    inner join window_start on activity.period_start >= window_start.first_date
    group by activity.user_id
),

final as (
    select
        days_active,
        count(*) as users
    from recent
    group by days_active
)

select * from final
order by days_active
