{{ config(
    materialized='incremental',
    incremental_predicates=[of_touched_users()]
) }}

-- depends_on: {{ ref('touched_users') }}, {{ ref('replaced_users') }}
with events as not materialized (
    select * from {{ ref('stg_events') }}
    {%- if is_update() %}
    where user_id in (select user_id from {{ ref('touched_users') }} where not only_grew)
    union all
    select * from {{ ref('stg_events') }}
    where
        source_file in (select file from {{ source('raw', 'input_files') }} where is_loaded)
        and user_id in (select user_id from {{ ref('touched_users') }} where only_grew)
    {%- endif %}
),

{%- if is_update() %}

-- of users who only got later events, what is known stays true
known as (
    select * from {{ ref('replaced_users') }}
    where user_id in (select user_id from {{ ref('touched_users') }} where only_grew)
),
{%- endif %}

activity as (
    select * from {{ ref('int_user_activity_daily') }}
    where {{ in_update(of_touched_users()) }}
),

seen_parts as (
    select
        user_id,
        min(event_at) as first_seen_at,
        max(event_at) as last_seen_at,
        min(event_date) as first_seen_date,
        max(event_date) as last_seen_date,
        count(*) as events
    from events
    group by user_id
    {%- if is_update() %}
    union all
    select
        user_id,
        first_seen_at,
        last_seen_at,
        first_seen_date,
        last_seen_date,
        events
    from known
    {%- endif %}
),

seen as (
    select
        user_id,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        min(first_seen_date) as first_seen_date,
        max(last_seen_date) as last_seen_date,
        cast(sum(events) as {{ dbt.type_bigint() }}) as events
    from seen_parts
    group by user_id
),

-- of several events at the first instant, the one delivered first decides
first_events as (
    select
        events.user_id,
        {%- for segment in var('segments') %}
        events.{{ segment }},
        {%- endfor %}
        row_number() over (
            partition by events.user_id
            order by events.source_file, events.source_record
        ) as place
    from events
    inner join seen
        on
            events.user_id = seen.user_id
            and events.event_at = seen.first_seen_at
    {%- if is_update() %}
    union all
    select
        user_id,
        {%- for segment in var('segments') %}
        {{ segment }},
        {%- endfor %}
        1 as place
    from known
    {%- endif %}
),

active as (
    select
        user_id,
        min(period_start) as first_activity_date,
        count(*) as active_days
    from activity
    group by user_id
),

final as (
    select
        seen.user_id,
        seen.first_seen_at,
        seen.last_seen_at,
        seen.first_seen_date,
        seen.last_seen_date,
        active.first_activity_date,
        {%- for segment in var('segments') %}
        first_events.{{ segment }},
        {%- endfor %}
        coalesce(active.active_days, 0) as active_days,
        seen.events
    from seen
    inner join first_events
        on
            seen.user_id = first_events.user_id
            and first_events.place = 1
    left join active on seen.user_id = active.user_id
)

select * from final
