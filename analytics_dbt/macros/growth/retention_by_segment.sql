{#-
  retention_triangle() for every combination of segment values in a cohort; sums of its rows are the cells of any
  grouping.

  activity    relation of user_activity(), periods relation of period_spine()
  users       relation: user_id, segment_id and the segment columns
  max_age     the oldest age, none for all of them
-#}
{% macro retention_by_segment(activity, users, periods, segments, grain, max_age=none) -%}
    with activity_by_segment as (
        select
            activity.*,
            users.segment_id
        from {{ activity }} as activity
        inner join {{ users }} as users on activity.user_id = users.user_id
    ),

    triangle as (
        {{ retention_triangle('activity_by_segment', periods, grain, by='segment_id', max_age=max_age) }}
    ),

    combinations as (
        {{ segment_combinations(users, segments) }}
    )

    select
        {%- for segment in segments %}
        combinations.{{ segment }},
        {%- endfor %}
        triangle.* exclude (segment_id)
    from triangle
    inner join combinations on triangle.segment_id = combinations.segment_id
{%- endmacro %}
