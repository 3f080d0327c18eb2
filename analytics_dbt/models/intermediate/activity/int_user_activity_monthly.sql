{{ config(
    materialized='incremental',
    incremental_predicates=[of_changed_periods('month')]
) }}

-- depends_on: {{ ref('changed_periods') }}, {{ ref('changed_activity') }}
with days as (
    select * from {{ ref('changed_activity') if is_update() else ref('int_user_activity_daily') }}
    where {{ in_update(of_changed_periods('month', period_start('period_start', 'month', var('week_start')))) }}
),

final as (
    {{ user_activity_by('month', 'days', var('week_start')) }}
)

select * from final
