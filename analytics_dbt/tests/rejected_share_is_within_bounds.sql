with events as (
    select * from {{ ref('base_events') }}
),

counted as (
    select
        count(*) as lines_read,
        count(case when line_status = 'rejected' then 1 end) as rejected_lines
    from events
)

select * from counted
where rejected_lines > lines_read * {{ var('max_rejected_share') }}
