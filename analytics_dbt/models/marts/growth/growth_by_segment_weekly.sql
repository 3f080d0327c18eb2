with lifecycle as (
    select * from {{ ref('user_lifecycle_weekly') }}
),

users as (
    select * from {{ ref('int_user_segments') }}
),

periods as (
    select * from {{ ref('int_periods_weekly') }}
),

final as (
    {{ growth_by_segment('lifecycle', 'users', 'periods', var('segments'), 'week') }}
)

select * from final
