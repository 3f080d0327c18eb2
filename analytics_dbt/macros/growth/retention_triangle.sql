{#-
  Retention of first-time cohorts: one row per cohort (per value of the column `by`, if one is given) and age.
  Every cell that can be observed has a row, zeros included; a cell in the future has none.

  activity    relation of user_activity(), with the column `by` if one is given
  periods     relation of period_spine()
  max_age     the oldest age, none for all of them
  returns     cohort_start, period_number, `by`, cohort_size, retained_users, retained_or_later_users, retention_rate,
              is_complete (false in the open period)

  Worked example, monthly: Ann is active in January and March, Bob in January; March is the open period.
  cohort_start  period_number  cohort_size  retained_users  retained_or_later_users  is_complete
  2026-01-01    0              2            2               2                        true
  2026-01-01    1              2            0               1                        true
  2026-01-01    2              2            1               1                        false
-#}
{% macro retention_triangle(activity, periods, grain, by=none, max_age=none) -%}
    {%- set keys = ['cohort_start'] + ([by] if by else []) -%}
    with counted as (
        select
            first_period_start as cohort_start,
            {{ by ~ ',' if by }}
            period_start,
            count(*) as retained_users,
            count(case when next_period_start is null then 1 end) as last_seen_users
        from {{ activity }}
        {%- if max_age is not none %}
        where period_start <= {{ add_periods('first_period_start', max_age, grain) }}
        {%- endif %}
        group by {{ range(1, keys | length + 2) | join(', ') }}
    ),

    cohorts as (
        select
            {{ keys | join(', ') }},
            retained_users as cohort_size
        from counted
        where period_start = cohort_start
    ),

    cells as (
        select
            cohorts.*,
            periods.period_start,
            periods.is_complete
        from cohorts
        inner join {{ periods }} as periods
            on
                cohorts.cohort_start <= periods.period_start
                {%- if max_age is not none %}
                and periods.period_start <= {{ add_periods('cohorts.cohort_start', max_age, grain) }}
                {%- endif %}
    ),

    filled as (
        select
            cells.*,
            coalesce(counted.retained_users, 0) as retained_users,
            -- everybody but those who were seen for the last time in an earlier period
            cells.cohort_size - coalesce(sum(counted.last_seen_users) over (
                partition by {% for key in keys %}cells.{{ key }}{{ ', ' if not loop.last }}{% endfor %}
                order by cells.period_start
                rows between unbounded preceding and 1 preceding
            ), 0) as retained_or_later_users
        from cells
        left join counted
            on
                cells.period_start = counted.period_start
                {%- for key in keys %}
                and cells.{{ key }} = counted.{{ key }}
                {%- endfor %}
    )

    select
        cohort_start,
        {{ periods_between('cohort_start', 'period_start', grain) }} as period_number,
        {{ by ~ ',' if by }}
        cohort_size,
        retained_users,
        cast(retained_or_later_users as {{ dbt.type_bigint() }}) as retained_or_later_users,
        {{ ratio('retained_users', 'cohort_size') }} as retention_rate,
        is_complete
    from filled
{%- endmacro %}
