with activity as (
    select * from {{ ref('int_user_activity_weekly') }}
),

periods as (
    select * from {{ ref('int_periods_weekly') }}
),

final as (
    {{ retention_triangle('activity', 'periods', 'week') }}
)

select * from final
order by 1, 2
