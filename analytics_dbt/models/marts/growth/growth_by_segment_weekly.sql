{{ config(
    materialized='incremental',
    incremental_predicates=[of_touched_periods('week')]
) }}

-- depends_on: {{ ref('touched_periods') }}
with lifecycle as (
    select * from {{ ref('user_lifecycle_weekly') }}
    where {{ in_update(of_touched_periods('week', before=true)) }}
),

users as (
    select * from {{ ref('int_user_segments') }}
),

periods as (
    select * from {{ ref('int_periods_weekly') }}
),

final as (
    {{ growth_by_segment('lifecycle', 'users', 'periods', var('segments'), 'week') }}
)

select * from final
where {{ in_update(of_touched_periods('week')) }}
