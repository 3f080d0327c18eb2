{%- set grains = [('day', 'daily'), ('week', 'weekly'), ('month', 'monthly')] -%}

-- depends_on: {{ ref('replaced_users') }}, {{ ref('reopened_periods') }}, {{ ref('int_users') }}
-- depends_on: {{ ref('user_lifecycle_daily') }}, {{ ref('user_lifecycle_weekly') }}, {{ ref('user_lifecycle_monthly') }}
-- depends_on: {{ ref('int_periods_daily') }}, {{ ref('int_periods_weekly') }}, {{ ref('int_periods_monthly') }}
with changed_states as (
    select * from {{ ref('changed_states') }}
),

{%- if is_update() %}

-- users who are counted in another segment now, in every period
moved as (
    select users.user_id
    from {{ ref('int_users') }} as users
    inner join {{ ref('replaced_users') }} as replaced on users.user_id = replaced.user_id
    where
        false
        {%- for segment in var('segments') %}
        or users.{{ segment }} is distinct from replaced.{{ segment }}
        {%- endfor %}
),

final as (
    select
        grain,
        period_start
    from changed_states
    {%- for grain, adverb in grains %}
    {%- for periods_later in [0, 1] %}
    union
    select
        '{{ grain }}' as grain,
        {{ add_periods('period_start', periods_later, grain) }} as period_start
    from {{ ref('user_lifecycle_' ~ adverb) }}
    where user_id in (select user_id from moved)
    union
    -- the period after a reopened one may be new, or gone
    select
        '{{ grain }}' as grain,
        {{ add_periods('period_start', periods_later, grain) }} as period_start
    from {{ ref('reopened_periods') }}
    where grain = '{{ grain }}'
    {%- endfor %}
    union
    -- only the first period of all has none before it
    select
        '{{ grain }}' as grain,
        min(period_start) as period_start
    from {{ ref('int_periods_' ~ adverb) }}
    union
    select
        '{{ grain }}' as grain,
        min(period_start) as period_start
    from {{ as_published('main', 'growth_by_segment_' ~ adverb) }}
    {%- endfor %}
)

select * from final

{%- else %}

-- a full build starts from nothing
nothing as (
    select
        grain,
        period_start
    from changed_states
    where false
)

select * from nothing

{%- endif %}
