{{ config(materialized='view') }}

with base_events as (
    select * from {{ ref('base_events') }}
),

accepted as (
    select * exclude (source_record, source_line, line_status, reject_reason)
    from base_events
    where line_status = 'accepted'
)

select * from accepted
