with user_days as (
    select * from {{ ref('int_user_days') }}
),

final as (
    {{ user_activity('user_days', 'day', var('week_start')) }}
)

select * from final
