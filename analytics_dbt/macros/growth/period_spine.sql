{#-
  Every calendar period from the first event to the as-of date, whether anybody was active in it or not.

  as_of       relation of one row: first_event_date, as_of_date
  returns     period_start, next_period_start, is_complete (it has ended by the as-of date)
-#}
{% macro period_spine(as_of, grain, week_start) -%}
    with days as (
        {{ date_rows('first_event_date', 'as_of_date') }}
        from {{ as_of }}
    ),

    starts as (
        select distinct {{ period_start('date_day', grain, week_start) }} as period_start
        from days
    )

    select
        starts.period_start,
        {{ add_periods('starts.period_start', 1, grain) }} as next_period_start,
        {{ add_periods('starts.period_start', 1, grain) }} <= {{ as_of }}.as_of_date as is_complete
    from starts
    cross join {{ as_of }}
{%- endmacro %}
