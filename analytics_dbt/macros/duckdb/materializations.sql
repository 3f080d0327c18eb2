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
