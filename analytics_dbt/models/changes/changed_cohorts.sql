{%- set segments = var('segments') -%}
{%- set cohort = (['first_activity_date'] + segments) | join(', ') -%}

-- depends_on: {{ ref('replaced_users') }}, {{ ref('changed_periods') }}, {{ ref('reopened_periods') }}
with users as (
    select * from {{ ref('int_users') }}
    where {{ in_update(of_touched_users()) }}
),

{%- if is_update() %}

changed_periods as (
    select * from {{ ref('changed_periods') }}
    where grain = 'day'
),

before as (
    select
        user_id,
        {{ cohort }}
    from {{ ref('replaced_users') }}
),

now as (
    select
        user_id,
        {{ cohort }}
    from users
),

memberships as (
    select * from before
    union
    select * from now
),

moved as (
    select user_id from memberships
    group by user_id
    having count(*) > 1
),

active_within_reach as (
    select memberships.user_id
    from memberships
    inner join changed_periods on memberships.user_id = changed_periods.user_id
    where
        changed_periods.period_start
        <= {{ add_periods('memberships.first_activity_date', var('retention_by_segment_max_days'), 'day') }}
),

-- the newest cell of each cohort, and those that are complete now and were open, or the other way round
first_reopened as (
    select min(period_start) as period_start
    from {{ ref('reopened_periods') }}
    where grain = 'day'
),

final as (
    select {{ cohort | replace('first_activity_date', 'first_activity_date as cohort_start') }}
    from memberships
    where
        first_activity_date is not null
        and (user_id in (select user_id from moved) or user_id in (select user_id from active_within_reach))
    union
    select {{ (['cohort_start'] + segments) | join(', ') }}
    from {{ as_published('main', 'retention_by_segment_daily') }}
    where
        period_number = 0
        and {{ add_periods('cohort_start', var('retention_by_segment_max_days'), 'day') }}
        >= (select period_start from first_reopened)
)

select * from final

{%- else %}

-- a full build starts from nothing
nothing as (
    select {{ cohort | replace('first_activity_date', 'first_activity_date as cohort_start') }}
    from users
    where false
)

select * from nothing

{%- endif %}
