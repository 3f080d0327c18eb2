{#- A model's schema is the one its folder names in dbt_project.yml, without a prefix: `staging`, not `main_staging`. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}

{#- References leave out the database, so that views go on working when the published file is renamed or copied. -#}
{% macro ref() -%}
    {% do validate_shapes() %}
    {% do return(builtins.ref(*varargs, **kwargs).include(database=false)) %}
{%- endmacro %}
