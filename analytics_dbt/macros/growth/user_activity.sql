{#-
  The periods in which each user was active, each with its neighbours.

  user_days   relation: user_id, activity_date
  returns     user_id, period_start, first_period_start (the user's first, over all history),
              previous_period_start and next_period_start (the user's active periods before and after; NULL if none)
-#}
{% macro user_activity(user_days, grain, week_start) -%}
    with active_periods as (
        select {{ 'distinct' if grain != 'day' }}
            user_id,
            {{ period_start('activity_date', grain, week_start) }} as period_start
        from {{ user_days }}
    )

    select
        user_id,
        period_start,
        first_value(period_start) over by_time as first_period_start,
        lag(period_start) over by_time as previous_period_start,
        lead(period_start) over by_time as next_period_start
    from active_periods
    window by_time as (partition by user_id order by period_start)
{%- endmacro %}
