{#- In an update of the ids of lines that came or were judged again. -#}
{%- set changed_ids -%}
select event_id from {{ ref('base_events') }}
where source_file in (select file from {{ source('raw', 'input_files') }} where is_loaded)
union
select event_id from {{ ref('replaced_lines') }}
{%- endset -%}

with events as (
    select * from {{ ref('base_events') }}
),

given_ids as not materialized (
    select
        event_id,
        {{ hash_of('event_id') }} as id_hash
    from events
    where
        line_status = 'accepted'
        and event_id is not null
        and {{ var('deduplicate_events') }}
        and {{ in_update('event_id in (' ~ changed_ids ~ ')') }}
),

-- only ids that share a hash are compared in full
suspects as (
    {{ repeated_values('given_ids', 'id_hash') }}
)

select
    event_id,
    count(*) as events
from given_ids
where id_hash in (select id_hash from suspects)
group by event_id
having count(*) > 1
