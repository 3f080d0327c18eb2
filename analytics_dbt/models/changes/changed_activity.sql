with changed_days as (
    select * from {{ ref('changed_days') }}
),

{%- if is_update() %}

published as (
    select
        user_id,
        period_start as activity_date
    from {{ as_published('intermediate', 'int_user_activity_daily') }}
    where user_id in (select user_id from changed_days)
),

user_days as (
    select published.*
    from published
    left join changed_days
        on
            published.user_id = changed_days.user_id
            and published.activity_date = changed_days.activity_date
    where changed_days.user_id is null
    union all
    select
        user_id,
        activity_date
    from changed_days
    where is_active
),
{%- else %}

-- a full build starts from nothing
user_days as (
    select
        user_id,
        activity_date
    from changed_days
    where false
),
{%- endif %}

final as (
    {{ user_activity('user_days') }}
)

select * from final
