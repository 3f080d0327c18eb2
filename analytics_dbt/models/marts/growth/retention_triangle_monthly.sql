with activity as (
    select * from {{ ref('int_user_activity_monthly') }}
),

periods as (
    select * from {{ ref('int_periods_monthly') }}
),

final as (
    {{ retention_triangle('activity', 'periods', 'month') }}
)

select * from final
order by 1, 2
