{#- The identities between the counts of one row and the row before; what an open period does not know is skipped. -#}
{% test growth_identities(model) %}
    with rows_with_previous as (
        select
            *,
            lag(period_start) over (order by period_start) as previous_period_start,
            lag(active_users) over (order by period_start) as previous_active_users,
            sum(new_users) over (order by period_start rows unbounded preceding) as ever_seen_users
        from {{ model }}
    ),

    checked as (
        select
            period_start,
            case
                when period_start = previous_period_start
                    then 'every period has one row'
                when active_users != new_users + retained_users + resurrected_users
                    then 'active = new + retained + resurrected'
                when prior_active_users is distinct from previous_active_users
                    then 'prior active = active of the period before'
                when is_complete and previous_active_users != retained_users + churned_users
                    then 'prior active = retained + churned'
                when
                    is_complete
                    and active_users - previous_active_users != new_users + resurrected_users - churned_users
                    then 'change = new + resurrected - churned'
                when active_users > ever_seen_users
                    then 'active <= ever seen'
                when
                    is_complete and churned_users > 0
                    and (quick_ratio > 1) != (active_users > previous_active_users)
                    then 'quick ratio above 1 = active grew'
                when is_complete = (churned_users is null)
                    then 'churn is known exactly when the period is complete'
                when not is_complete and coalesce(retention_rate, churn_rate, quick_ratio) is not null
                    then 'an open period has no rates'
                when retention_rate + churn_rate not between 0.999999 and 1.000001
                    then 'retention rate + churn rate = 1'
            end as broken_identity
        from rows_with_previous
    )

    select * from checked
    where broken_identity is not null
{% endtest %}
