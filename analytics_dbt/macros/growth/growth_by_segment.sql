{#-
  Counts of users by lifecycle state for every combination of segment values that has any in a period; sums of its rows are
  the counts of any grouping. A combination with nothing in a period has no row.

  lifecycle   relation of user_lifecycle(), users relation: user_id, segment_id and the segment columns,
  periods     relation of period_spine()
  returns     period_start, the segment columns, is_complete, the counts
-#}
{% macro growth_by_segment(lifecycle, users, periods, segments, grain) -%}
    with counted as (
        select
            lifecycle.period_start,
            users.segment_id,
            {{ lifecycle_counts() }}
        from {{ lifecycle }} as lifecycle
        inner join {{ users }} as users on lifecycle.user_id = users.user_id
        group by lifecycle.period_start, users.segment_id
    ),

    -- the active of one period are the prior active of the next
    with_prior as (
        select
            *,
            0 as prior_active_users
        from counted
        union all
        select
            {{ add_periods('period_start', 1, grain) }} as period_start,
            segment_id,
            0 as new_users,
            0 as retained_users,
            0 as resurrected_users,
            0 as churned_users,
            0 as active_users,
            active_users as prior_active_users
        from counted
        where active_users > 0
    ),

    summed as (
        select
            period_start,
            segment_id,
            {%- for count in ['new', 'retained', 'resurrected', 'churned', 'active', 'prior_active'] %}
            cast(sum({{ count }}_users) as {{ dbt.type_bigint() }}) as {{ count }}_users{{ ',' if not loop.last }}
            {%- endfor %}
        from with_prior
        group by period_start, segment_id
    ),

    spine as (
        select
            *,
            lag(period_start) over (order by period_start) is null as is_first
        from {{ periods }}
    ),

    combinations as (
        {{ segment_combinations(users, segments) }}
    )

    select
        summed.period_start,
        {%- for segment in segments %}
        combinations.{{ segment }},
        {%- endfor %}
        spine.is_complete,
        summed.new_users,
        summed.retained_users,
        summed.resurrected_users,
        case when spine.is_complete then summed.churned_users end as churned_users,
        summed.active_users,
        case when not spine.is_first then summed.prior_active_users end as prior_active_users
    from summed
    inner join spine on summed.period_start = spine.period_start
    inner join combinations on summed.segment_id = combinations.segment_id
    order by {{ range(1, segments | length + 2) | join(', ') }}
{%- endmacro %}

{#- Each combination of segment values once: segment_id and the segment columns. -#}
{% macro segment_combinations(users, segments) -%}
    select distinct {{ (['segment_id'] + segments) | join(', ') }}
    from {{ users }}
{%- endmacro %}

{#- Counts of users by lifecycle state, as select columns. -#}
{% macro lifecycle_counts() -%}
    {%- for state in ['new', 'retained', 'resurrected', 'churned'] %}
    count(case when lifecycle_state = '{{ state }}' then 1 end) as {{ state }}_users,
    {%- endfor %}
    count(case when lifecycle_state != 'churned' then 1 end) as active_users
{%- endmacro %}
