with activity as (
    select * from {{ ref('int_user_activity_monthly') }}
),

users as (
    select * from {{ ref('int_user_segments') }}
),

periods as (
    select * from {{ ref('int_periods_monthly') }}
),

final as (
    {{ retention_by_segment('activity', 'users', 'periods', var('segments'), 'month') }}
)

select * from final
