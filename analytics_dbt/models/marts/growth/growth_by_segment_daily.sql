with lifecycle as (
    select * from {{ ref('user_lifecycle_daily') }}
),

users as (
    select * from {{ ref('int_user_segments') }}
),

periods as (
    select * from {{ ref('int_periods_daily') }}
),

final as (
    {{ growth_by_segment('lifecycle', 'users', 'periods', var('segments'), 'day') }}
)

select * from final
