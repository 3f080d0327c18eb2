with events as (
    select * from {{ ref('base_events') }}
),

users as (
    select * from {{ ref('dim_users') }}
),

accepted as (
    select count(*) as accepted_events
    from events
    where line_status = 'accepted'
),

counted as (
    select coalesce(sum(events), 0) as events_of_users
    from users
)

select *
from accepted
cross join counted
where accepted_events != events_of_users
