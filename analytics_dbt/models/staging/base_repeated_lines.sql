with lines as (
    select
        source_file,
        source_record,
        -- rows that say who they are are compared by that, the others by everything in them
        event_id,
        case when event_id is null then whole_row end as anonymous_row
    from {{ ref('base_event_lines') }}
    where
        reject_reason is null
        and {{ var('deduplicate_events') }}
),

-- a hash is cheap to count; only rows that share one are compared in full
suspects as (
    select {{ hash_of('event_id, anonymous_row') }} as row_hash
    from lines
    group by row_hash
    having count(*) > 1
),

numbered as (
    select
        source_file,
        source_record,
        row_number() over (
            partition by event_id, anonymous_row
            order by source_file, source_record
        ) as copy_number
    from lines
    where {{ hash_of('event_id, anonymous_row') }} in (select row_hash from suspects)
)

select
    source_file,
    source_record
from numbered
where copy_number > 1
