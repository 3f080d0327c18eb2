{{ config(
    materialized='incremental',
    incremental_predicates=[of_changed_states('month')]
) }}

-- depends_on: {{ ref('changed_states') }}
with activity as (
    select * from {{ ref('int_user_activity_monthly') }}
    where {{ in_update(of_changed_states('month')) }}
),

periods as (
    select * from {{ ref('int_periods_monthly') }}
),

final as (
    {{ user_lifecycle('activity', 'periods', 'month') }}
)

select * from final
where {{ in_update(of_changed_states('month')) }}
