{{ config(
    materialized='incremental',
    incremental_predicates=[of_changed_states('day')]
) }}

-- depends_on: {{ ref('changed_states') }}
with activity as (
    select * from {{ ref('int_user_activity_daily') }}
    where {{ in_update(of_changed_states('day')) }}
),

periods as (
    select * from {{ ref('int_periods_daily') }}
),

final as (
    {{ user_lifecycle('activity', 'periods', 'day') }}
)

select * from final
where {{ in_update(of_changed_states('day')) }}
