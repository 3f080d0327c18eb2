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

{#-
  dbt's own materializations build a table beside the one that others read, look up its columns on both sides and swap
  the two. Nobody reads the warehouse that is being built, and its columns are those of before or it would be built from
  nothing: so tables are made in place, with half the statements.
-#}
{% materialization table, adapter='duckdb' -%}
    {{ return(materialized_by(build_table())) }}
{%- endmaterialization %}

{#-
  In an update the rows that the model's `incremental_predicates` name give way to those that it selects. A model
  selects exactly the rows that a full build would have where its predicates hold; then an update leaves what a full
  build would.
-#}
{% materialization incremental, adapter='duckdb' -%}
    {{ return(materialized_by(replace_rows() if is_update() else build_table())) }}
{%- endmaterialization %}

{% macro materialized_by(sql) -%}
    {%- do run_hooks(pre_hooks) -%}
    {%- call statement('main') -%}{{ sql }}{%- endcall -%}
    {%- do run_hooks(post_hooks) -%}
    {%- do adapter.commit() -%}
    {%- do return({'relations': [this.incorporate(type='table')]}) -%}
{%- endmacro %}

{% macro build_table() -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing %}
    drop {{ existing.type }} {{ existing }};
    {%- endif %}
    {{ create_table_as(false, this, model['compiled_code']) }};
    {{ comments_on(this.incorporate(type='table')) }}
{%- endmacro %}

{#- What persist_docs() does, without looking up which of the described columns there are: all of them. -#}
{% macro comments_on(table) -%}
    {%- if config.persist_relation_docs() and model.description %}
        {{ alter_relation_comment(table, model.description) }}
    {%- endif %}
    {%- if config.persist_column_docs() %}
        {%- for column in model.columns.values() if column.description %}
        comment on column {{ table }}.{{ adapter.quote(column.name) }} is {{ duckdb_escape_comment(column.description) }};
        {%- endfor %}
    {%- endif %}
{%- endmacro %}

{% macro replace_rows() -%}
    {%- set new_rows = this.incorporate(path={'identifier': this.identifier ~ '__new'}) -%}
    {{ create_table_as(true, new_rows, model['compiled_code']) }};

    delete from {{ this }}
    where {{ config.get('incremental_predicates') | join(' and ') }};

    insert into {{ this }} by name
    from {{ new_rows.include(database=false, schema=false) }};

    drop table {{ new_rows.include(database=false, schema=false) }};
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
