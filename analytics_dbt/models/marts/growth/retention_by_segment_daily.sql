{{ config(
    materialized='incremental',
    incremental_predicates=[of_changed_cohorts('cohort_start')]
) }}

-- depends_on: {{ ref('changed_cohorts') }}, {{ ref('int_users') }}
with activity as (
    select * from {{ ref('int_user_activity_daily') }}
),

users as (
    select * from {{ ref('int_user_segments') }}
    {%- if is_update() %}
    where user_id in (select user_id from {{ ref('int_users') }} where {{ of_changed_cohorts('first_activity_date') }})
    {%- endif %}
),

periods as (
    select * from {{ ref('int_periods_daily') }}
),

final as (
    {{ retention_by_segment('activity', 'users', 'periods', var('segments'), 'day', var('retention_by_segment_max_days')) }}
)

select * from final
