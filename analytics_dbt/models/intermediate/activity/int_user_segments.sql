{%- set segments = var('segments') | join(', ') -%}

with users as (
    select * from {{ ref('int_users') }}
),

-- grouping by a number is ten times cheaper than grouping by the texts it stands for
numbered as (
    select
        {{ segments ~ ',' if segments }}
        user_id,
        {{ 'dense_rank() over (order by ' ~ segments ~ ')' if segments else '1' }} as segment_id
    from users
)

select * from numbered
