with activity as (
    select * from {{ ref('int_user_activity_daily') }}
),

periods as (
    select * from {{ ref('int_periods_daily') }}
),

final as (
    {{ retention_triangle('activity', 'periods', 'day') }}
)

select * from final
order by 1, 2
