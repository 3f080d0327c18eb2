{#-
  One row per user and period with a state; see the doc block `lifecycle_state`.

  activity    relation of user_activity(), periods relation of period_spine()
  returns     user_id, period_start, lifecycle_state
-#}
{% macro user_lifecycle(activity, periods, grain) -%}
    with present as (
        select
            user_id,
            period_start,
            case
                when period_start = first_period_start then 'new'
                when {{ add_periods('previous_period_start', 1, grain) }} = period_start then 'retained'
                else 'resurrected'
            end as lifecycle_state
        from {{ activity }}
    ),

    -- churn is a row that does not exist
    absences as (
        select
            user_id,
            next_period_start,
            {{ add_periods('period_start', 1, grain) }} as period_start
        from {{ activity }}
    ),

    -- in the open period nobody has churned: they may still come
    churned as (
        select
            absences.user_id,
            absences.period_start,
            'churned' as lifecycle_state
        from absences
        inner join {{ periods }} as periods on absences.period_start = periods.period_start
        where
            periods.is_complete
            and (absences.next_period_start is null or absences.next_period_start > absences.period_start)
    )

    select * from present
    union all
    select * from churned
{%- endmacro %}
