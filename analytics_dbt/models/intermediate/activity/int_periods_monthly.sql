with as_of as (
    select * from {{ ref('int_as_of') }}
),

final as (
    {{ period_spine('as_of', 'month', var('week_start')) }}
)

select * from final
