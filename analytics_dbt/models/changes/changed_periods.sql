{%- set grains = ['day', 'week', 'month'] -%}

with changed_days as (
    select * from {{ ref('changed_days') }}
),

{%- if is_update() %}

published as (
    select * from {{ as_published('intermediate', 'int_user_activity_daily') }}
    where user_id in (select user_id from changed_days)
),

-- the active days before and after one that came or went have another neighbour; if it is the first, all have another first
beside as (
    select
        published.user_id,
        published.period_start as activity_date
    from published
    inner join changed_days on published.user_id = changed_days.user_id
    where
        (
            published.period_start <= changed_days.activity_date
            and coalesce(published.next_period_start, changed_days.activity_date) >= changed_days.activity_date
        )
        or (
            published.period_start >= changed_days.activity_date
            and coalesce(published.previous_period_start, changed_days.activity_date) <= changed_days.activity_date
        )
        or published.first_period_start >= changed_days.activity_date
),

days as (
    select
        user_id,
        activity_date
    from changed_days
    union
    select * from beside
),

final as (
    {%- for grain in grains %}
    select
        '{{ grain }}' as grain,
        user_id,
        {{ period_start('activity_date', grain, var('week_start')) }} as period_start
    from days
    {{ 'union' if not loop.last }}
    {%- endfor %}
)

select * from final

{%- else %}

-- a full build starts from nothing
nothing as (
    select
        'day' as grain,
        user_id,
        activity_date as period_start
    from changed_days
    where false
)

select * from nothing

{%- endif %}
