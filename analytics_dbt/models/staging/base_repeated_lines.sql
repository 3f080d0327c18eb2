with lines as (
    select * from {{ ref('base_event_lines') }}
    where
        reject_reason is null
        and {{ var('deduplicate_events') }}
),

-- a hash is cheap to count; only rows that share one are compared in full
suspects as (
    select row_hash
    from lines
    group by row_hash
    having count(*) > 1
),

numbered as (
    select
        source_file,
        source_record,
        row_number() over (
            partition by event_id, case when event_id is null then whole_row end
            order by source_file, source_record
        ) as copy_number
    from lines
    where row_hash in (select row_hash from suspects)
)

select
    source_file,
    source_record
from numbered
where copy_number > 1
