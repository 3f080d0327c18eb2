{#- The identities of a retention triangle, in itself and with the growth metrics of the same grain. -#}
{% test triangle_identities(model, growth, grain) %}
    with cells as (
        select
            *,
            {{ add_periods('cohort_start', 'period_number', grain) }} as period_start,
            lag(retained_or_later_users) over (partition by cohort_start order by period_number) as before_or_later_users,
            row_number() over (partition by cohort_start order by period_number) - 1 as expected_number
        from {{ model }}
    ),

    broken_cells as (
        select
            period_start,
            case
                when period_number != expected_number then 'every age has one row'
                when period_number = 0 and retained_users != cohort_size then 'cell 0 = cohort size'
                when retained_users not between 0 and cohort_size then '0 <= retained <= size'
                when abs(retention_rate * cohort_size - retained_users) > 0.000001 then 'rate = retained / size'
                when retained_users > retained_or_later_users then 'retained <= retained or later'
                when retained_or_later_users > before_or_later_users then 'retained or later never grows with age'
            end as broken_identity
        from cells
    ),

    diagonals as (
        select
            period_start,
            sum(retained_users) as active_users,
            sum(case when period_number = 0 then retained_users else 0 end) as new_users,
            bool_and(is_complete) as is_complete
        from cells
        group by period_start
    ),

    broken_diagonals as (
        select
            growth.period_start,
            case
                when growth.active_users != coalesce(diagonals.active_users, 0) then 'diagonal = active'
                when growth.new_users != coalesce(diagonals.new_users, 0) then 'cohort size = new users'
                when growth.is_complete != diagonals.is_complete then 'cells of the open period are open'
            end as broken_identity
        from {{ growth }} as growth
        full join diagonals on growth.period_start = diagonals.period_start
    )

    select * from broken_cells
    where broken_identity is not null
    union all
    select * from broken_diagonals
    where broken_identity is not null or period_start is null
{% endtest %}
