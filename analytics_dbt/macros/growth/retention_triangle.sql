{#-
  Retention of first-time cohorts: one row per cohort (per combination of segment values, if any are given) and age.
  Every cell that can be observed has a row, zeros included; a cell in the future has none.

  activity    relation of user_activity(), with the segment columns if any are given
  periods     relation of period_spine(); max_age bounds the ages, none means all of them
  returns     cohort_start, period_number, the segment columns, cohort_size, retained_users, retained_or_later_users,
              retention_rate, is_complete (false in the open period)

  Worked example, monthly: Ann is active in January and March, Bob in January; March is the open period.
  cohort_start  period_number  cohort_size  retained_users  retained_or_later_users  is_complete
  2026-01-01    0              2            2               2                        true
  2026-01-01    1              2            0               1                        true
  2026-01-01    2              2            1               1                        false
-#}
{% macro retention_triangle(activity, periods, grain, segments=[], max_age=none) -%}
    {%- set cohort = (['cohort_start'] + segments) | join(', ') -%}
    with counted as (
        select
            first_period_start as cohort_start,
            {%- for segment in segments %}
            {{ segment }},
            {%- endfor %}
            period_start,
            count(*) as retained_users,
            count(case when next_period_start is null then 1 end) as last_seen_users
        from {{ activity }}
        group by {{ range(1, segments | length + 3) | join(', ') }}
    ),

    cohorts as (
        select
            {{ cohort }},
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
        inner join {{ periods }} as periods on cohorts.cohort_start <= periods.period_start
    ),

    filled as (
        select
            cells.*,
            coalesce(counted.retained_users, 0) as retained_users,
            -- whoever was seen last in this period or after it
            sum(coalesce(counted.last_seen_users, 0)) over (
                partition by {% for column in ['cohort_start'] + segments %}cells.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
                order by cells.period_start desc
                rows unbounded preceding
            ) as retained_or_later_users
        from cells
        left join counted
            on
                {% for column in ['cohort_start', 'period_start'] + segments -%}
                {{ 'and ' if not loop.first }}cells.{{ column }} = counted.{{ column }}
                {% endfor %}
    )

    select
        cohort_start,
        {{ periods_between('cohort_start', 'period_start', grain) }} as period_number,
        {%- for segment in segments %}
        {{ segment }},
        {%- endfor %}
        cohort_size,
        retained_users,
        cast(retained_or_later_users as {{ dbt.type_bigint() }}) as retained_or_later_users,
        {{ ratio('retained_users', 'cohort_size') }} as retention_rate,
        is_complete
    from filled
    {%- if max_age is not none %}
    where {{ periods_between('cohort_start', 'period_start', grain) }} <= {{ max_age }}
    {%- endif %}
    order by {{ range(1, segments | length + 3) | join(', ') }}
{%- endmacro %}
