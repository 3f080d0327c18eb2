{#-
  The days on which each user was active, each with its neighbours.

  user_days   relation: user_id, activity_date
  returns     user_id, period_start, first_period_start (the user's first, over all history),
              previous_period_start and next_period_start (the user's active days before and after; NULL if none)
-#}
{% macro user_activity(user_days) -%}
    select
        user_id,
        activity_date as period_start,
        first_value(activity_date) over by_time as first_period_start,
        lag(activity_date) over by_time as previous_period_start,
        lead(activity_date) over by_time as next_period_start
    from {{ user_days }}
    window by_time as (partition by user_id order by activity_date)
{%- endmacro %}

{#-
  The same by a coarser grain. The days of a period know its neighbours: the day before its first one lies in the period
  before, the day after its last one in the period after.

  activity    relation of user_activity()
-#}
{% macro user_activity_by(grain, activity, week_start) -%}
    {%- set period = period_start('period_start', grain, week_start) -%}
    select
        user_id,
        {{ period }} as period_start,
        min({{ period_start('first_period_start', grain, week_start) }}) as first_period_start,
        nullif(min({{ period_start('previous_period_start', grain, week_start) }}), {{ period }}) as previous_period_start,
        nullif(max({{ period_start('next_period_start', grain, week_start) }}), {{ period }}) as next_period_start
    from {{ activity }}
    group by user_id, {{ period }}
{%- endmacro %}
