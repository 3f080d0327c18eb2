with users as (
    select * from {{ ref('int_users') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

final as (
    select
        users.user_id,
        users.first_seen_at,
        users.last_seen_at,
        users.first_seen_date,
        users.last_seen_date,
        {{ periods_between('users.first_activity_date', 'as_of.as_of_date', 'day') }} as lifetime_days,
        {%- for segment in var('segments') %}
        users.{{ segment }},
        {%- endfor %}
        users.active_days,
        users.events
    from users
    cross join as_of
)

select * from final
