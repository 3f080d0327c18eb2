{#- Reads base_events as it was published, before that model takes these lines out. -#}
{%- set events = as_published('staging', 'base_events') -%}

-- depends_on: {{ ref('stg_user_aliases') }}, {{ ref('stg_excluded_users') }}
with new_lines as (
    select * from {{ ref('base_event_lines') }}
),

{% if is_update() %}

files as (
    select * from {{ source('raw', 'input_files') }}
),

aliases as (
    select * from {{ ref('stg_user_aliases') }}
),

excluded as (
    select * from {{ ref('stg_excluded_users') }}
),

dropped_files as (
    select file from {{ as_published('meta', 'input_files') }}
    where source = 'event_stream'
    except
    select file from files
    where not is_loaded
),

-- each branch reads one or two columns, most of which are pruned; together as one `or` they would cost ten times that
in_question as (
    select * from {{ events }}
    where source_file in (select file from dropped_files)
    union
    -- a name that has become an alias
    select * from {{ events }}
    where
        user_id in (
            select alias_id from aliases
            except
            select alias_id from {{ events }}
            where alias_id is not null
        )
    union
    -- an alias that is none any more, or leads to another user
    select events.*
    from {{ events }} as events
    left join aliases
        on
            events.alias_id = aliases.alias_id
            and events.user_id = aliases.user_id
    where
        events.alias_id is not null
        and aliases.alias_id is null
    union
    select * from {{ events }}
    where
        line_status = 'excluded'
        and user_id not in (select user_id from excluded)
    union
    select * from {{ events }}
    where
        user_id in (
            select user_id from excluded
            except
            select user_id from {{ events }}
            where line_status = 'excluded'
        )
),

-- whether a line repeats another can change for all that share its id, or without one its user and instant
keys as (
    select
        event_id,
        event_at,
        coalesce(alias_id, user_id) as given_user_id
    from in_question
    union
    select
        event_id,
        event_at,
        user_id as given_user_id
    from new_lines
),

same_id as (
    select events.*
    from {{ events }} as events
    where events.event_id in (select event_id from keys where event_id is not null)
),

same_instant as (
    select events.*
    from {{ events }} as events
    inner join keys
        on
            events.event_at = keys.event_at
            and coalesce(events.alias_id, events.user_id) = keys.given_user_id
    where
        events.event_id is null
        and keys.event_id is null
),

all_lines as (
    select * from in_question
    union
    select * from same_id
    union
    select * from same_instant
)

select
    *,
    source_file in (select file from dropped_files) as is_dropped
from all_lines

{% else %}

-- a full build replaces nothing
nothing as (
    select
        new_lines.*,
        false as is_dropped
    from new_lines
    where false
)

select * from nothing

{% endif %}
