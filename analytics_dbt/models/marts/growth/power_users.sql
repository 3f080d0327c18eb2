{%- set days = 28 -%}

with user_days as (
    select * from {{ ref('int_user_days') }}
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
        user_days.user_id,
        count(*) as days_active
    from user_days
    inner join window_start on user_days.activity_date >= window_start.first_date
    group by user_days.user_id
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
