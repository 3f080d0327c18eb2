with activity as (
    select * from {{ ref('int_user_activity_daily') }}
),

users as (
    select * from {{ ref('int_user_segments') }}
),

periods as (
    select * from {{ ref('int_periods_daily') }}
),

final as (
    {{ retention_by_segment('activity', 'users', 'periods', var('segments'), 'day', var('retention_by_segment_max_days')) }}
)

select * from final
