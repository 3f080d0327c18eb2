-- depends_on: {{ ref('touched_user_days') }}
with user_days as (
    select * from {{ ref('int_user_days') }}
),

{%- if is_update() %}

published as (
    select
        user_id,
        period_start as activity_date
    from {{ as_published('intermediate', 'int_user_activity_daily') }}
    where (user_id, period_start) in (select user_id, event_date from {{ ref('touched_user_days') }})
)

select
    coalesce(user_days.user_id, published.user_id) as user_id,
    coalesce(user_days.activity_date, published.activity_date) as activity_date,
    published.user_id is null as is_active
from user_days
full join published
    on
        user_days.user_id = published.user_id
        and user_days.activity_date = published.activity_date
where
    user_days.user_id is null
    or published.user_id is null

{%- else %}

-- a full build starts from nothing
nothing as (
    select
        user_id,
        activity_date,
        true as is_active
    from user_days
    where false
)

select * from nothing

{%- endif %}
