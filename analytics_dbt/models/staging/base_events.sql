{{ config(
    materialized='incremental',
    incremental_predicates=[
        '(source_file, coalesce(source_record, -source_line)) in '
        ~ '(select source_file, coalesce(source_record, -source_line) from work.replaced_lines)'
    ]
) }}

{#- here and not in the ephemeral model, of which dbt does not say what is wrong -#}
{%- do check_segments(source_columns(source('raw', 'event_stream'))) -%}

with lines as (
    select * from {{ ref('base_lines') }}
),

malformed as (
    select * from {{ source('raw', 'malformed_lines') }}
),

repeated as (
    select * from {{ ref('base_repeated_lines') }}
),

aliases as (
    select * from {{ ref('stg_user_aliases') }}
),

excluded as (
    select * from {{ ref('stg_excluded_users') }}
),

resolved as (
    select
        lines.* replace (coalesce(aliases.user_id, lines.user_id) as user_id),
        aliases.alias_id,
        repeated.source_file is not null as is_repeated
    from lines
    left join aliases on lines.user_id = aliases.alias_id
    left join repeated
        on
            lines.source_file = repeated.source_file
            and lines.source_record = repeated.source_record
),

judged as (
    select
        resolved.*,
        case
            when reject_reason is not null then 'rejected'
            when is_repeated then 'duplicate'
            when excluded.user_id is not null then 'excluded'
            {%- if var('as_of_date') is not none %}
            when event_date > date '{{ var("as_of_date") }}' then 'after_as_of'
            {%- endif %}
            else 'accepted'
        end as line_status
    from resolved
    left join excluded on resolved.user_id = excluded.user_id
),

read_lines as (
    select
        source_file,
        source_record,
        cast(null as {{ dbt.type_bigint() }}) as source_line,
        line_status,
        reject_reason,
        event_id,
        event_at,
        event_date,
        user_id,
        alias_id,
        event_type,
        transaction_category,
        amount,
        {%- for segment in var('segments') %}
        {{ segment }},
        {%- endfor %}
        properties
    from judged
),

unread_lines as (
    select
        file as source_file,
        line as source_line,
        'rejected' as line_status,
        reason as reject_reason
    from malformed
),

final as (
    select * from read_lines
    union all by name
    select * from unread_lines
)

select * from final
