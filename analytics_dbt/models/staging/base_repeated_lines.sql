{{ config(schema='work') }}

{#- What makes a line without an event_id the same as another: everything it says. -#}
{%- set whole_line = [
    'event_at', 'user_id', 'event_type', 'transaction_category', 'amount', 'properties'
] + var('segments') -%}

{#- Only lines that share it are compared in full; a filter on reject_reason would work it out anew for each line. -#}
{%- set line_hash -%}
    case
        when reject_reason is not null then null
        when event_id is null then {{ hash_of('event_at, user_id') }}
        else {{ hash_of('event_id') }}
    end
{%- endset -%}

with hashed as (
    select {{ line_hash }} as line_hash
    from {{ ref('base_lines') }}
    where {{ var('deduplicate_events') }}
),

suspects as (
    {{ repeated_values('hashed', 'line_hash') }}
),

-- Read from base_lines once more: lines of a CSV file are numbered as they are read, and for a CTE that is used twice
-- DuckDB would keep all of them aside.
suspected as (
    select *
    from {{ ref('base_lines') }}
    where
        {{ var('deduplicate_events') }}
        and {{ line_hash }} in (select line_hash from suspects)
),

numbered as (
    select
        source_file,
        source_record,
        row_number() over (
            partition by event_id, case when event_id is null then {{ row_of(whole_line) }} end
            order by source_file, source_record
        ) as copy_number
    from suspected
)

select
    source_file,
    source_record
from numbered
where copy_number > 1
