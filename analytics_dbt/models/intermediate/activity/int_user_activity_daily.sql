{{ config(
    materialized='incremental',
    incremental_predicates=[of_changed_periods('day')]
) }}

-- depends_on: {{ ref('changed_periods') }}, {{ ref('changed_activity') }}
{%- if is_update() %}
with final as (
    select * from {{ ref('changed_activity') }}
    where {{ of_changed_periods('day') }}
)
{%- else %}
with user_days as (
    select * from {{ ref('int_user_days') }}
),

final as (
    {{ user_activity('user_days') }}
)
{%- endif %}

select * from final
