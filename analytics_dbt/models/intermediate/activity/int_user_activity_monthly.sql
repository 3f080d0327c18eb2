with user_days as (
    select * from {{ ref('int_user_days') }}
),

final as (
    {{ user_activity('user_days', 'month', var('week_start')) }}
)

select * from final
