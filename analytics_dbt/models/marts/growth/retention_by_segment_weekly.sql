with activity as (
    select * from {{ ref('int_user_activity_weekly') }}
),

users as (
    select * from {{ ref('int_user_segments') }}
),

periods as (
    select * from {{ ref('int_periods_weekly') }}
),

final as (
    {{ retention_by_segment('activity', 'users', 'periods', var('segments'), 'week') }}
)

select * from final
