{#-
  One row at most for every combination of these columns. In an update only the rows that it replaced are looked at:
  the others were when they came.
-#}
{% test unique_combination(model, columns) %}
    select
        {{ columns | join(', ') }},
        count(*) as copies
    from {{ model }}
    where {{ replaced_rows(model) }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
