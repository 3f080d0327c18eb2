with by_segment as (
    select * from {{ ref('growth_by_segment_monthly') }}
),

periods as (
    select * from {{ ref('int_periods_monthly') }}
),

final as (
    {{ growth_metrics('by_segment', 'periods') }}
)

select * from final
