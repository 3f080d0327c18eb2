with lifecycle as (
    select * from {{ ref('user_lifecycle_monthly') }}
),

users as (
    select * from {{ ref('int_user_segments') }}
),

periods as (
    select * from {{ ref('int_periods_monthly') }}
),

final as (
    {{ growth_by_segment('lifecycle', 'users', 'periods', var('segments'), 'month') }}
)

select * from final
