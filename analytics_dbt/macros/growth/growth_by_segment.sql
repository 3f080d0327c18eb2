{#-
  The counts of growth_metrics for every combination of segment values that has any in a period; sums of its rows are
  the counts of any grouping. A combination with nothing in a period has no row.

  lifecycle   relation of user_lifecycle(), users relation: user_id and the segment columns,
  periods     relation of period_spine()
  returns     period_start, the segment columns, is_complete, the counts
-#}
{% macro growth_by_segment(lifecycle, users, periods, segments, grain) -%}
    {%- set columns = ['period_start'] + segments -%}
    with counted as (
        select
            lifecycle.period_start,
            {%- for segment in segments %}
            users.{{ segment }},
            {%- endfor %}
            {{ lifecycle_counts() }}
        from {{ lifecycle }} as lifecycle
        inner join {{ users }} as users on lifecycle.user_id = users.user_id
        group by {{ range(1, columns | length + 1) | join(', ') }}
    ),

    -- the active of one period are the prior active of the next
    moved as (
        select
            {{ columns | join(', ') }},
            new_users, retained_users, resurrected_users, churned_users, active_users,
            0 as prior_active_users
        from counted
        union all
        select
            {{ add_periods('period_start', 1, grain) }} as period_start,
            {%- for segment in segments %}
            {{ segment }},
            {%- endfor %}
            0, 0, 0, 0, 0,
            active_users as prior_active_users
        from counted
        where active_users > 0
    ),

    summed as (
        select
            {{ columns | join(', ') }},
            sum(new_users) as new_users,
            sum(retained_users) as retained_users,
            sum(resurrected_users) as resurrected_users,
            sum(churned_users) as churned_users,
            sum(active_users) as active_users,
            sum(prior_active_users) as prior_active_users
        from moved
        group by {{ columns | join(', ') }}
    ),

    spine as (
        select
            *,
            lag(period_start) over (order by period_start) is null as is_first
        from {{ periods }}
    )

    select
        summed.period_start,
        {%- for segment in segments %}
        summed.{{ segment }},
        {%- endfor %}
        spine.is_complete,
        cast(summed.new_users as {{ dbt.type_bigint() }}) as new_users,
        cast(summed.retained_users as {{ dbt.type_bigint() }}) as retained_users,
        cast(summed.resurrected_users as {{ dbt.type_bigint() }}) as resurrected_users,
        cast(case when spine.is_complete then summed.churned_users end as {{ dbt.type_bigint() }}) as churned_users,
        cast(summed.active_users as {{ dbt.type_bigint() }}) as active_users,
        cast(case when not spine.is_first then summed.prior_active_users end as {{ dbt.type_bigint() }})
            as prior_active_users
    from summed
    inner join spine on summed.period_start = spine.period_start
    order by {{ range(1, columns | length + 1) | join(', ') }}
{%- endmacro %}
