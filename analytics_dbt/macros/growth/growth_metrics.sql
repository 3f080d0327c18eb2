{#-
  The growth metrics of every period, also of those in which nothing happened.

  by_segment  relation of growth_by_segment(), periods relation of period_spine()
  returns     period_start, is_complete, the counts, and the three rates, NULL where they are not known
-#}
{% macro growth_metrics(by_segment, periods) -%}
    with counted as (
        select
            period_start,
            {%- for count in ['new', 'retained', 'resurrected', 'churned', 'active'] %}
            cast(sum({{ count }}_users) as {{ dbt.type_bigint() }}) as {{ count }}_users{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ by_segment }}
        group by period_start
    ),

    every_period as (
        select
            periods.period_start,
            periods.is_complete,
            coalesce(counted.new_users, 0) as new_users,
            coalesce(counted.retained_users, 0) as retained_users,
            coalesce(counted.resurrected_users, 0) as resurrected_users,
            case when periods.is_complete then coalesce(counted.churned_users, 0) end as churned_users,
            coalesce(counted.active_users, 0) as active_users
        from {{ periods }} as periods
        left join counted on periods.period_start = counted.period_start
    ),

    with_prior as (
        select
            *,
            lag(active_users) over (order by period_start) as prior_active_users
        from every_period
    )

    select
        *,
        case when is_complete then {{ ratio('retained_users', 'prior_active_users') }} end as retention_rate,
        case when is_complete then {{ ratio('churned_users', 'prior_active_users') }} end as churn_rate,
        case when is_complete then {{ ratio('new_users + resurrected_users', 'churned_users') }} end as quick_ratio
    from with_prior
    order by period_start
{%- endmacro %}

{#- numerator / denominator; NULL, never 0, when there is nothing to divide by. -#}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as {{ type_double() }}) / nullif({{ denominator }}, 0)
{%- endmacro %}
