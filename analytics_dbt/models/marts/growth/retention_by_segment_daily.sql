with users as (
    select * from {{ ref('dim_users') }}
),

activity as (
    select
        activity.*,
        users.* exclude (user_id)
    from {{ ref('int_user_activity_daily') }} as activity
    inner join users on activity.user_id = users.user_id
),

periods as (
    select * from {{ ref('int_periods_daily') }}
),

final as (
    {{ retention_triangle('activity', 'periods', 'day', segments=var('segments'), max_age=var('retention_by_segment_max_days')) }}
)

select * from final
