with lifecycle as (
    select * from {{ ref('user_lifecycle_daily') }}
),

periods as (
    select * from {{ ref('int_periods_daily') }}
),

final as (
    {{ growth_metrics('lifecycle', 'periods') }}
)

select * from final
