-- depends_on: {{ ref('replaced_lines') }}, {{ ref('stg_user_aliases') }}
with events as (
    select * from {{ ref('base_events') }}
),

{%- if is_update() %}

files as (
    select * from {{ source('raw', 'input_files') }}
),

replaced_lines as (
    select * from {{ ref('replaced_lines') }}
),

aliases as (
    select * from {{ ref('stg_user_aliases') }}
),

before as (
    select
        user_id,
        event_date
    from replaced_lines
),

judged_again as (
    select
        aliases.user_id,
        replaced_lines.event_date
    from replaced_lines
    inner join aliases on coalesce(replaced_lines.alias_id, replaced_lines.user_id) = aliases.alias_id
    union
    select
        alias_id as user_id,
        event_date
    from replaced_lines
    where alias_id is not null
),

delivered as (
    select
        user_id,
        event_date
    from events
    where source_file in (select file from files where is_loaded)
),

touched as (
    select
        *,
        false as only_grew
    from before
    union
    select
        *,
        false as only_grew
    from judged_again
    union
    select
        *,
        true as only_grew
    from delivered
)

select
    user_id,
    event_date,
    bool_and(only_grew) as only_grew
from touched
where
    user_id is not null
    and event_date is not null
group by user_id, event_date

{%- else %}

-- a full build starts from nothing
nothing as (
    select
        user_id,
        event_date,
        true as only_grew
    from events
    where false
)

select * from nothing

{%- endif %}
