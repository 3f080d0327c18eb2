{#-
  An update: the warehouse being built is a copy of the published one, and only what the inputs changed is computed
  again. `python -m pipeline refresh` asks for one when vars, code and the files' columns are those of the published
  warehouse; in any other run, `dbt build` included, everything is built from the inputs.
-#}
{% macro is_update() -%}
    {%- do return(execute and env_var('REFRESH_MODE', 'full') == 'update') -%}
{%- endmacro %}

{#- A table of the warehouse as it was published, to be read before its model replaces it. -#}
{% macro as_published(schema, table) -%}
    {%- do return(api.Relation.create(schema=schema, identifier=table)) -%}
{%- endmacro %}

{#- In an update this condition, in a full build one that holds for any row. -#}
{% macro in_update(condition) -%}
    {{- return(condition if is_update() else 'true') -}}
{%- endmacro %}

{#-
  What an update computes again, as conditions on the rows of a model: by user, by user and active period, by user and
  period with a state, and by daily cohort and segments.
-#}
{% macro of_touched_users() -%}
    user_id in (select user_id from work.touched_users)
{%- endmacro %}

{% macro of_changed_periods(grain, period='period_start') -%}
    (user_id, {{ period }}) in (select user_id, period_start from work.changed_periods where grain = '{{ grain }}')
{%- endmacro %}

{% macro of_changed_states(grain) -%}
    (user_id, period_start) in (select user_id, period_start from work.changed_states where grain = '{{ grain }}')
{%- endmacro %}

{% macro of_changed_cohorts(cohort_start) -%}
    {%- set segments = var('segments') | map('string') | list -%}
    ({{ ([cohort_start] + segments) | join(', ') }}) in (
        select {{ (['cohort_start'] + segments) | join(', ') }} from work.changed_cohorts
    )
{%- endmacro %}

{#- With `before`, also of the periods before those. -#}
{% macro of_touched_periods(grain, before=false) -%}
    period_start in (
        select period_start from work.touched_periods where grain = '{{ grain }}'
        {%- if before %}
        union all
        select {{ add_periods('period_start', -1, grain) }} from work.touched_periods where grain = '{{ grain }}'
        {%- endif %}
    )
{%- endmacro %}
