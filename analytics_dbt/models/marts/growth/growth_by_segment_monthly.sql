{{ config(
    materialized='incremental',
    incremental_predicates=[of_touched_periods('month')]
) }}

-- depends_on: {{ ref('touched_periods') }}
with lifecycle as (
    select * from {{ ref('user_lifecycle_monthly') }}
    where {{ in_update(of_touched_periods('month', before=true)) }}
),

users as (
    select * from {{ ref('int_user_segments') }}
),

periods as (
    select * from {{ ref('int_periods_monthly') }}
),

final as (
    {{ growth_by_segment('lifecycle', 'users', 'periods', var('segments'), 'month') }}
)

select * from final
where {{ in_update(of_touched_periods('month')) }}
