{{ config(materialized='view') }}

with base_events as (
    select * from {{ ref('base_events') }}
),

accepted as (
    select
        * exclude (source_line, line_status, reject_reason, alias_id)
        replace (
            {%- for segment in var('segments') %}
            coalesce({{ segment }}, 'unknown') as {{ segment }},
            {%- endfor %}
            -- an event without an id of its own is known by its place in the files
            coalesce(event_id, source_file || '#' || source_record) as event_id
        )
    from base_events
    where line_status = 'accepted'
)

select * from accepted
