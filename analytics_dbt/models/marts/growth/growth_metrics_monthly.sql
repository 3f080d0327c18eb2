with lifecycle as (
    select * from {{ ref('user_lifecycle_monthly') }}
),

periods as (
    select * from {{ ref('int_periods_monthly') }}
),

final as (
    {{ growth_metrics('lifecycle', 'periods') }}
)

select * from final
