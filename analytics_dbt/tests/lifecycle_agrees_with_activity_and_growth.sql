{%- set grains = [
    ('day', ref('user_lifecycle_daily'), ref('int_user_activity_daily'), ref('growth_metrics_daily')),
    ('week', ref('user_lifecycle_weekly'), ref('int_user_activity_weekly'), ref('growth_metrics_weekly')),
    ('month', ref('user_lifecycle_monthly'), ref('int_user_activity_monthly'), ref('growth_metrics_monthly')),
] -%}
{#- Equal sums of hashes mean the same users, each once; to compare the rows would cost five times that. -#}
{%- set user_hash = hash_of('user_id') -%}

with counted as (
    {%- for grain, lifecycle, _, _ in grains %}
    select
        '{{ grain }}' as grain,
        period_start,
        {{ lifecycle_counts() }},
        sum(case when lifecycle_state != 'churned' then {{ user_hash }} end) as active_hashes,
        sum(case when lifecycle_state = 'churned' then {{ user_hash }} end) as churned_hashes
    from {{ lifecycle }}
    group by period_start
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

activity as (
    {%- for grain, _, activity, _ in grains %}
    {%- set next_period = add_periods('period_start', 1, grain) %}
    select
        '{{ grain }}' as grain,
        period_start,
        {{ next_period }} as next_period_start,
        sum({{ user_hash }}) as active_hashes,
        sum(case when next_period_start > {{ next_period }} or next_period_start is null then {{ user_hash }} end)
            as leaving_hashes
    from {{ activity }}
    group by period_start
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

growth as (
    {%- for grain, _, _, growth in grains %}
    select
        '{{ grain }}' as grain,
        period_start,
        new_users,
        retained_users,
        resurrected_users,
        -- NULL in the open period, which therefore may have no row of that state either
        churned_users
    from {{ growth }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    coalesce(counted.grain, growth.grain) as grain,
    coalesce(counted.period_start, growth.period_start) as period_start
from counted
full join growth
    on
        counted.grain = growth.grain
        and counted.period_start = growth.period_start
left join activity
    on
        growth.grain = activity.grain
        and growth.period_start = activity.period_start
left join activity as activity_before
    on
        growth.grain = activity_before.grain
        and growth.period_start = activity_before.next_period_start
where
    growth.period_start is null
    {%- for state in ['new', 'retained', 'resurrected', 'churned'] %}
    or coalesce(counted.{{ state }}_users, 0) != coalesce(growth.{{ state }}_users, 0)
    {%- endfor %}
    or counted.active_hashes is distinct from activity.active_hashes
    or (
        growth.churned_users is not null
        and counted.churned_hashes is distinct from activity_before.leaving_hashes
    )
