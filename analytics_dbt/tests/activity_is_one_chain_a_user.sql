{#- In an update of the users touched: those of the others are as they were when this was tested last. -#}
{%- set grains = [
    ('day', ref('int_user_activity_daily')),
    ('week', ref('int_user_activity_weekly')),
    ('month', ref('int_user_activity_monthly')),
] -%}

with users as (
    select * from {{ ref('int_users') }}
),

active_users as (
    select count(*) as active_users
    from users
    where
        active_days > 0
        and {{ in_update(of_touched_users()) }}
),

-- Every link leads from a row to the row of the user's next period, and back. So a row that is there twice, is missing
-- or knows another neighbour than it has leaves sums of hashes that differ.
links as (
    {%- for grain, activity in grains %}
    select
        '{{ grain }}' as grain,
        count(case when previous_period_start is null then 1 end) as first_periods,
        count(case when next_period_start is null then 1 end) as last_periods,
        sum(case when previous_period_start is not null then {{ hash_of('user_id, period_start') }} end) as with_previous,
        sum(case when next_period_start is not null then {{ hash_of('user_id, next_period_start') }} end) as next_periods,
        sum(case when next_period_start is not null then {{ hash_of('user_id, period_start') }} end) as with_next,
        sum(case when previous_period_start is not null then {{ hash_of('user_id, previous_period_start') }} end)
            as previous_periods,
        count(
            case
                when
                    previous_period_start >= period_start
                    or next_period_start <= period_start
                    or (previous_period_start is null) != (first_period_start = period_start)
                    then 1
            end
        ) as out_of_order
    from {{ activity }}
    where {{ in_update(of_touched_users()) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select *
from links
cross join active_users
where
    first_periods != active_users
    or last_periods != active_users
    or with_previous is distinct from next_periods
    or with_next is distinct from previous_periods
    or out_of_order > 0
