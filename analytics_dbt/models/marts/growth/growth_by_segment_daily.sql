{{ config(
    materialized='incremental',
    incremental_predicates=[of_touched_periods('day')]
) }}

-- depends_on: {{ ref('touched_periods') }}
with lifecycle as (
    select * from {{ ref('user_lifecycle_daily') }}
    where {{ in_update(of_touched_periods('day', before=true)) }}
),

users as (
    select * from {{ ref('int_user_segments') }}
),

periods as (
    select * from {{ ref('int_periods_daily') }}
),

final as (
    {{ growth_by_segment('lifecycle', 'users', 'periods', var('segments'), 'day') }}
)

select * from final
where {{ in_update(of_touched_periods('day')) }}
