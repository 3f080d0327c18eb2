{{ config(materialized='ephemeral') }}

{%- set columns = source_columns(source('raw', 'event_stream')) -%}
{%- do check_segments(columns) -%}

with source as (
    select * from {{ source('raw', 'event_stream') }}
),

renamed as (
    select
        __file as source_file,
        __record as source_record,
        {{ event_text(columns, 'event_id') }} as event_id,
        {{ event_text(columns, 'event_time') }} as event_time,
        {{ event_text(columns, 'user_id') }} as user_id,
        {{ event_text(columns, 'event_type') }} as event_type,
        {{ event_text(columns, 'transaction_category') }} as transaction_category,
        {{ event_text(columns, 'amount') }} as amount,
        {%- for segment in var('segments') %}
        coalesce({{ event_text(columns, segment) }}, 'unknown') as {{ segment }},
        {%- endfor %}
        {{ json_object_of(other_columns(columns)) }} as properties,
        {{ whole_row(columns.values()) }} as whole_row
    from source
),

typed as (
    select
        * replace (
            {{ parse_instant('event_time', var('source_timezone')) }} as event_time,
            {{ try_number('amount') }} as amount
        ),
        event_time as event_time_text,
        amount as amount_text
    from renamed
),

checked as (
    select
        *,
        {{ local_date('event_time', var('timezone')) }} as event_date,
        case
            when event_time is null then 'unreadable event time'
            when event_time < timestamp '1970-01-01' then 'event time before 1970'
            when event_time > {{ parse_instant("'" ~ (var('refreshed_at') or run_started_at) ~ "'", 'UTC') }}
                then 'event time in the future'
            when user_id is null then 'no user'
            when event_type is null then 'no event type'
        end as reject_reason
    from typed
)

select * from checked
