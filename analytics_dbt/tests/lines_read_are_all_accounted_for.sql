{#- In an update of the files with a line that came, went or was judged again. -#}
{%- set changed_files -%}
select file from {{ source('raw', 'input_files') }} where is_loaded
union
select source_file from {{ ref('replaced_lines') }}
{%- endset -%}

with files as (
    select * from {{ source('raw', 'input_files') }}
    where
        source = 'event_stream'
        and {{ in_update('file in (' ~ changed_files ~ ')') }}
),

events as not materialized (
    select * from {{ ref('base_events') }}
    where {{ in_update('source_file in (' ~ changed_files ~ ')') }}
),

lines_by_file as (
    select
        source_file,
        count(
            case when line_status in ('accepted', 'rejected', 'duplicate', 'excluded', 'after_as_of') then 1 end
        ) as lines_found,
        count(source_record) as records,
        max(source_record) as last_record,
        sum(source_record) as record_sum,
        sum(cast(source_record as {{ dbt.type_numeric() }}) * source_record) as square_sum
    from events
    group by source_file
),

-- the records 1 to n of a file have these sums: only where they differ is it worth comparing record by record
odd_files as (
    select source_file
    from lines_by_file
    where
        last_record != records
        or record_sum * 2 != last_record * (last_record + 1)
        or square_sum * 6 != cast(last_record as {{ dbt.type_numeric() }}) * (last_record + 1) * (2 * last_record + 1)
),

records_found_twice as (
    select
        source_file,
        source_record
    from events
    where
        source_record is not null
        and source_file in (select source_file from odd_files)
    group by source_file, source_record
    having count(*) > 1
),

miscounted_files as (
    select
        coalesce(files.file, lines_by_file.source_file) as source_file,
        files.rows_read,
        lines_by_file.lines_found
    from files
    full join lines_by_file on files.file = lines_by_file.source_file
    where coalesce(files.rows_read, 0) != coalesce(lines_by_file.lines_found, 0)
)

select
    source_file,
    rows_read,
    lines_found,
    null as record_found_twice
from miscounted_files
union all
select
    source_file,
    null as rows_read,
    null as lines_found,
    source_record as record_found_twice
from records_found_twice
