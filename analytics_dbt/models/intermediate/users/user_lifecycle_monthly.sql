{{ config(
    materialized='incremental',
    incremental_strategy='replace',
    incremental_predicates=[
        'user_id in (select user_id from work.touched_users) '
        ~ 'or period_start in (select period_start from work.reopened_periods where grain = \'month\')'
    ],
    on_schema_change='fail'
) }}

with activity as (
    select * from {{ ref('int_user_activity_monthly') }}
),

periods as (
    select * from {{ ref('int_periods_monthly') }}
),

reopened_periods as (
    select * from {{ ref('reopened_periods') }}
    where grain = 'month'
),

final as (
    {{ user_lifecycle('activity', 'periods', 'month') }}
)

select * from final
where
    {{ touches('user_id', ref('touched_users')) }}
    or period_start in (select period_start from reopened_periods)
