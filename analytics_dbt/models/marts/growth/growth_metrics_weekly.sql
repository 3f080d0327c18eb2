with lifecycle as (
    select * from {{ ref('user_lifecycle_weekly') }}
),

periods as (
    select * from {{ ref('int_periods_weekly') }}
),

final as (
    {{ growth_metrics('lifecycle', 'periods') }}
)

select * from final
