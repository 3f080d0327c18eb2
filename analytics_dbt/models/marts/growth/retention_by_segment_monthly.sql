with users as (
    select * from {{ ref('dim_users') }}
),

activity as (
    select
        activity.*,
        users.* exclude (user_id)
    from {{ ref('int_user_activity_monthly') }} as activity
    inner join users on activity.user_id = users.user_id
),

periods as (
    select * from {{ ref('int_periods_monthly') }}
),

final as (
    {{ retention_triangle('activity', 'periods', 'month', segments=var('segments')) }}
)

select * from final
