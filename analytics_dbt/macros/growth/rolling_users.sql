{#-
  Users active in the `days` days ending on each day.
  A user's active day carries for `days` days or until they are active again, whichever comes first: so nobody is
  counted twice, and one running sum over arrivals and departures gives all days at once.

  active_days relation: period_start, days_until_next (until the user's next active day; NULL if there is none), users
  periods     relation of period_spine() by day
  returns     period_start, users (NULL for the first days, which do not have enough history behind them)
-#}
{% macro rolling_users(active_days, periods, days) -%}
    with changes as (
        select
            period_start,
            users as change
        from {{ active_days }}
        union all
        select
            {{ add_periods('period_start', 'least(coalesce(days_until_next, ' ~ days ~ '), ' ~ days ~ ')', 'day') }} as period_start,
            -users as change
        from {{ active_days }}
    ),

    changes_by_day as (
        select
            period_start,
            sum(change) as change
        from changes
        group by period_start
    ),

    running as (
        select
            periods.period_start,
            sum(coalesce(changes_by_day.change, 0)) over by_day as users,
            row_number() over by_day as days_of_history
        from {{ periods }} as periods
        left join changes_by_day on periods.period_start = changes_by_day.period_start
        window by_day as (order by periods.period_start rows unbounded preceding)
    )

    select
        period_start,
        cast(case when days_of_history >= {{ days }} then users end as {{ dbt.type_bigint() }}) as users
    from running
{%- endmacro %}
