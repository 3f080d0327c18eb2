with touched_user_days as (
    select * from {{ ref('touched_user_days') }}
),

touched as (
    select
        user_id,
        min(event_date) as first_touched_date,
        bool_and(only_grew) as only_grew
    from touched_user_days
    group by user_id
),

{%- if is_update() %}

published as (
    select * from {{ as_published('intermediate', 'int_users') }}
),

final as (
    select
        touched.user_id,
        touched.only_grew and coalesce(published.first_seen_date < touched.first_touched_date, false) as only_grew
    from touched
    left join published on touched.user_id = published.user_id
)
{%- else %}

final as (
    select
        user_id,
        only_grew
    from touched
)
{%- endif %}

select * from final
