with activity as (
    select * from {{ ref('int_user_activity_monthly') }}
),

periods as (
    select * from {{ ref('int_periods_monthly') }}
),

final as (
    {{ user_lifecycle('activity', 'periods', 'month') }}
)

select * from final
