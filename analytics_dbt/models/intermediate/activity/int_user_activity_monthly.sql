{{ config(
    materialized='incremental',
    incremental_strategy='replace',
    incremental_predicates=['user_id in (select user_id from work.touched_users)'],
    on_schema_change='fail'
) }}

with user_days as (
    select * from {{ ref('int_user_days') }}
    where {{ touches('user_id', ref('touched_users')) }}
),

final as (
    {{ user_activity('user_days', 'month', var('week_start')) }}
)

select * from final
