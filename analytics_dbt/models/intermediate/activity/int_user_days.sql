{{ config(materialized='view', schema='work') }}

-- depends_on: {{ ref('touched_user_days') }}
with events as (
    select * from {{ ref('stg_events') }}
    {%- if is_update() %}
    where (user_id, event_date) in (select user_id, event_date from {{ ref('touched_user_days') }})
    {%- endif %}
),

-- a day counts if at least one event of a qualifying type lies in it
active_days as (
    select distinct
        user_id,
        event_date as activity_date
    from events
    {%- if var('active_event_types') %}
    where event_type in (
        {%- for event_type in var('active_event_types') -%}
            '{{ event_type | replace("'", "''") }}'{{ ', ' if not loop.last }}
        {%- endfor -%}
    )
    {%- endif %}
)

select * from active_days
