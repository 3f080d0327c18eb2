{{ config(materialized='view', schema='work') }}

{%- set columns = source_columns(source('raw', 'event_stream')) -%}

with source as (
    select
        *,
        -- each text is trimmed once, however often it is looked at
        {{ event_text(columns, 'event_time') }} as __event_time,
        {{ event_text(columns, 'amount') }} as __amount
    from {{ source('raw', 'event_stream') }}
),

renamed as (
    select
        __file as source_file,
        __record as source_record,
        {{ event_text(columns, 'event_id') }} as event_id,
        {{ event_instant(columns, 'event_time', '__event_time') }} as event_at,
        {{ event_text(columns, 'user_id') }} as user_id,
        {{ event_text(columns, 'event_type') }} as event_type,
        {{ event_text(columns, 'transaction_category') }} as transaction_category,
        {{ event_number(columns, 'amount', '__amount') }} as amount,
        -- not __amount: to write every number out as text takes longer than to read the file
        case
            when {{ event_number(columns, 'amount', '__amount') }} is null then {{ event_text(columns, 'amount') }}
        end as amount_text,
        {%- for segment in var('segments') %}
        {{ event_text(columns, segment) }} as {{ segment }},
        {%- endfor %}
        {{ json_object_of(other_columns(columns)) }} as other_properties
    from source
),

checked as (
    select
        * exclude (amount_text, other_properties),
        {{ local_date('event_at', var('timezone')) }} as event_date,
        -- an amount that is no number is kept where it can be read
        case
            when amount_text is not null
                then json_merge_patch(coalesce(other_properties, '{}'), json_object('amount', amount_text))
            else other_properties
        end as properties,
        case
            when event_at is null then 'unreadable event time'
            when event_at < timestamp '1970-01-01' then 'event time before 1970'
            when event_at > {{ parse_instant("'" ~ (var('refreshed_at') or run_started_at) ~ "'", 'UTC') }}
                then 'event time in the future'
            when user_id is null then 'no user'
            when event_type is null then 'no event type'
        end as reject_reason
    from renamed
)

select * from checked
