{#- In an update of the users touched: those of the others are as they were when this was tested last. -#}
with activity as (
    select * from {{ ref('int_user_activity_daily') }}
    where {{ in_update(of_touched_users()) }}
),

users as (
    select * from {{ ref('dim_users') }}
    where {{ in_update(of_touched_users()) }}
),

active as (
    select
        user_id,
        min(period_start) as first_activity_date,
        max(period_start) as last_activity_date,
        count(*) as active_days
    from activity
    group by user_id
),

compared as (
    select
        coalesce(users.user_id, active.user_id) as user_id,
        users.first_seen_date,
        users.last_seen_date,
        users.active_days,
        active.first_activity_date,
        active.last_activity_date,
        active.active_days as days_found
    from users
    full join active on users.user_id = active.user_id
)

select * from compared
where
    coalesce(days_found, 0) is distinct from active_days
    or first_activity_date < first_seen_date
    or last_activity_date > last_seen_date
    {%- if not var('active_event_types') %}
    -- every event makes its user active
    or first_activity_date is distinct from first_seen_date
    or last_activity_date is distinct from last_seen_date
    {%- endif %}
