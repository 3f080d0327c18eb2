with events as (
    select * from {{ ref('stg_events') }}
),

bounds as (
    select
        min(event_date) as first_event_date,
        {%- if var('as_of_date') is not none %}
        date '{{ var("as_of_date") }}' as as_of_date
        {%- else %}
        max(event_date) as as_of_date
        {%- endif %}
    from events
)

select * from bounds
where first_event_date is not null
