with users as (
    select * from {{ ref('dim_users') }}
),

-- grouping by a number is ten times cheaper than grouping by the texts it stands for
numbered as (
    select
        {%- for segment in var('segments') %}
        {{ segment }},
        {%- endfor %}
        user_id,
        {% if var('segments') -%}
            dense_rank() over (order by {{ var('segments') | join(', ') }})
        {%- else -%}
            1
        {%- endif %} as segment_id
    from users
)

select * from numbered
