{%- set grains = ['day', 'week', 'month'] -%}

with as_of as (
    select * from {{ ref('int_as_of') }}
),

{%- if is_update() %}

published as (
    select max_by(as_of_date, refresh_id) as as_of_date
    from {{ as_published('meta', 'refresh_log') }}
),

-- no row when either has no event: then there are no users but those that are touched
between_both as (
    select
        published.as_of_date as published_as_of_date,
        as_of.as_of_date as new_as_of_date,
        {{ add_periods('least(published.as_of_date, as_of.as_of_date)', -1, 'month') }} as first_event_date,
        greatest(published.as_of_date, as_of.as_of_date) as as_of_date
    from published
    inner join as_of on published.as_of_date != as_of.as_of_date
),

{% for grain in grains %}
{{ grain }}s as (
    {{ period_spine('between_both', grain, var('week_start')) }}
),
{% endfor %}

every_grain as (
    {%- for grain in grains %}
    select
        '{{ grain }}' as grain,
        *
    from {{ grain }}s
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

reopened as (
    select
        every_grain.grain,
        every_grain.period_start
    from every_grain
    cross join between_both
    where
        (every_grain.next_period_start <= between_both.published_as_of_date)
        != (every_grain.next_period_start <= between_both.new_as_of_date)
)

select * from reopened

{%- else %}

-- a full build knows of no other as-of date
nothing as (
    select
        'day' as grain,
        as_of_date as period_start
    from as_of
    where false
)

select * from nothing

{%- endif %}
