{#-
  Which segment columns a model has is the choice of var `segments`, so no YAML can list them. A model that says
  `meta: {has_segments: true}` gets them added to its contract here, before dbt compares it with the query.
-#}
{% macro duckdb__get_assert_columns_equivalent(sql) -%}
    {%- if config.get('meta', {}).get('has_segments') -%}
        {%- for segment in var('segments') -%}
            {%- do model['columns'].update({segment: {
                'name': segment,
                'data_type': dbt.type_string(),
                'description': 'Segment: ' ~ segment ~ ' of the ' ~ config.get('meta')['has_segments'] ~ "; 'unknown' if missing.",
                'constraints': [{'type': 'not_null'}],
            }}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(assert_columns_equivalent(sql)) }}
{%- endmacro %}
