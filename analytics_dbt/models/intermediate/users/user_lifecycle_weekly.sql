{{ config(
    materialized='incremental',
    incremental_predicates=[of_changed_states('week')]
) }}

-- depends_on: {{ ref('changed_states') }}
with activity as (
    select * from {{ ref('int_user_activity_weekly') }}
    where {{ in_update(of_changed_states('week')) }}
),

periods as (
    select * from {{ ref('int_periods_weekly') }}
),

final as (
    {{ user_lifecycle('activity', 'periods', 'week') }}
)

select * from final
where {{ in_update(of_changed_states('week')) }}
