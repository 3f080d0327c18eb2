{{ config(materialized='view', schema='work') }}

-- depends_on: {{ ref('replaced_lines') }}
with new_lines as (
    select * from {{ ref('base_event_lines') }}
),

{%- if is_update() %}

replaced_lines as (
    select * from {{ ref('replaced_lines') }}
),
{%- endif %}

final as (
    select * from new_lines
    {%- if is_update() %}
    union all by name
    -- lines of before, as their file gave them, to be judged again
    select
        * exclude (is_dropped, alias_id, source_line, line_status)
        replace (coalesce(alias_id, user_id) as user_id)
    from replaced_lines
    where not is_dropped
    {%- endif %}
)

select * from final
