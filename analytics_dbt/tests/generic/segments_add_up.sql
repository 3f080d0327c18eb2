{#- Over every period, the counts of all combinations of segments sum to those of the total. -#}
{% test segments_add_up(model, total) %}
    {%- set counts = [
        'new_users', 'retained_users', 'resurrected_users', 'churned_users', 'active_users', 'prior_active_users'
    ] -%}
    with by_segment as (
        select
            period_start
            {%- for count in counts %},
            sum({{ count }}) as {{ count }}
            {%- endfor %}
        from {{ model }}
        group by period_start
    )

    select total.period_start
    from {{ total }} as total
    full join by_segment on total.period_start = by_segment.period_start
    where
        total.period_start is null
        {%- for count in counts %}
        or coalesce(total.{{ count }}, 0) != coalesce(by_segment.{{ count }}, 0)
        {%- endfor %}
{% endtest %}
