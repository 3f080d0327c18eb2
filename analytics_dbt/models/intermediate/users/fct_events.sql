{{ config(materialized='view') }}

with events as (
    select * from {{ ref('stg_events') }}
),

final as (
    select
        event_id,
        event_at,
        event_date,
        user_id,
        event_type,
        transaction_category,
        amount,
        properties,
        {%- for segment in var('segments') %}
        {{ segment }},
        {%- endfor %}
        source_file
    from events
)

select * from final
