{%- set grains = [('day', 'daily'), ('week', 'weekly'), ('month', 'monthly')] -%}

-- depends_on: {{ ref('reopened_periods') }}
with changed_periods as (
    select * from {{ ref('changed_periods') }}
),

{%- if is_update() %}

active_periods as (
    select * from changed_periods
    {%- for grain, adverb in grains %}
    union
    -- who was active before a reopened period has churned in it now, or has not after all
    select
        '{{ grain }}' as grain,
        user_id,
        period_start
    from {{ as_published('intermediate', 'int_user_activity_' ~ adverb) }}
    where {{ add_periods('period_start', 1, grain) }} in (
        select period_start from {{ ref('reopened_periods') }}
        where grain = '{{ grain }}'
    )
    {%- endfor %}
),

final as (
    select * from active_periods
    {%- for grain, _ in grains %}
    union
    -- churn stands in the period after
    select
        grain,
        user_id,
        {{ add_periods('period_start', 1, grain) }} as period_start
    from active_periods
    where grain = '{{ grain }}'
    {%- endfor %}
)

select * from final

{%- else %}

-- a full build starts from nothing
nothing as (
    select * from changed_periods
    where false
)

select * from nothing

{%- endif %}
