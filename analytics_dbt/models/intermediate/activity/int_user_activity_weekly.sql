{{ config(
    materialized='incremental',
    incremental_predicates=[of_changed_periods('week')]
) }}

-- depends_on: {{ ref('changed_periods') }}, {{ ref('changed_activity') }}
with days as (
    select * from {{ ref('changed_activity') if is_update() else ref('int_user_activity_daily') }}
    where {{ in_update(of_changed_periods('week', period_start('period_start', 'week', var('week_start')))) }}
),

final as (
    {{ user_activity_by('week', 'days', var('week_start')) }}
)

select * from final
