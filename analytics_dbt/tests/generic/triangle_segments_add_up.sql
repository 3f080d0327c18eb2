{#- In every cell, the counts of all combinations of segments sum to those of the total. -#}
{% test triangle_segments_add_up(model, total, max_age=none) %}
    {%- set counts = ['cohort_size', 'retained_users', 'retained_or_later_users'] -%}
    with by_segment as (
        select
            cohort_start,
            period_number,
            bool_and(is_complete) as is_complete
            {%- for count in counts %},
            sum({{ count }}) as {{ count }}
            {%- endfor %}
        from {{ model }}
        group by cohort_start, period_number
    ),

    total as (
        select * from {{ total }}
        {%- if max_age is not none %}
        where period_number <= {{ max_age }}
        {%- endif %}
    )

    select total.cohort_start
    from total
    full join by_segment
        on
            total.cohort_start = by_segment.cohort_start
            and total.period_number = by_segment.period_number
    where
        total.cohort_start is null
        or by_segment.cohort_start is null
        or total.is_complete != by_segment.is_complete
        {%- for count in counts %}
        or total.{{ count }} != by_segment.{{ count }}
        {%- endfor %}
{% endtest %}
