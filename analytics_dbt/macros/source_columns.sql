{#- Our names of the columns of an event that have a meaning; var event_columns says what the files call them. -#}
{% macro understood_columns() -%}
    {%- do return([
        'event_time', 'user_id', 'event_type', 'event_id', 'amount', 'transaction_category', 'platform',
        'utm_source', 'country',
    ]) -%}
{%- endmacro %}

{#- The columns of the files behind a source: {lower-case name: column}; without the two that reading them adds. -#}
{% macro source_columns(relation) -%}
    {%- set columns = {} -%}
    {%- if execute -%}
        {%- for column in adapter.get_columns_in_relation(relation) if column.name not in ['__file', '__record'] -%}
            {%- do columns.update({column.name | lower: column}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do return(columns) -%}
{%- endmacro %}

{#- The column of the event files that has our name, as var event_columns maps it; nothing when no file has it. -#}
{% macro event_column(columns, name) -%}
    {{- return(columns.get(var('event_columns').get(name, name) | lower)) -}}
{%- endmacro %}

{#-
  The text of a column of the event files, by our name: trimmed, with nothing as NULL. NULL when no file has it.
  event_text(columns, 'user_id') -> nullif(<trimmed "customer_id"::varchar>, '')   given event_columns {user_id: customer_id}
-#}
{% macro event_text(columns, name) -%}
    {%- set column = event_column(columns, name) -%}
    {%- if column -%}
        nullif({{ trimmed(as_text(column)) }}, '')
    {%- else -%}
        cast(null as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}

{#-
  The instant, in UTC, of a column of the event files, by our name; NULL where it cannot be read.
  text is the column that holds its event_text().
-#}
{% macro event_instant(columns, name, text) -%}
    {%- set column = event_column(columns, name) -%}
    {%- set native = native_instant(column, var('source_timezone')) if column -%}
    {{ native or parse_instant(text, var('source_timezone')) }}
{%- endmacro %}

{#- The number in a column of the event files, by our name; NULL where it is none. `text` as for event_instant(). -#}
{% macro event_number(columns, name, text) -%}
    {%- set column = event_column(columns, name) -%}
    {%- set native = native_number(column) if column -%}
    {{ native or try_number(text) }}
{%- endmacro %}

{#- The columns of the files that have no meaning of their own and go into `properties`. -#}
{% macro other_columns(columns) -%}
    {%- set named = [] -%}
    {%- for name in understood_columns() + var('segments') -%}
        {%- do named.append(var('event_columns').get(name, name) | lower) -%}
    {%- endfor -%}
    {%- set others = [] -%}
    {%- for name, column in columns.items() if name not in named -%}
        {%- do others.append(column) -%}
    {%- endfor -%}
    {%- do return(others) -%}
{%- endmacro %}

{#- Ends the run when a segment is a column of no file, unless it is one of those that may be absent. -#}
{% macro check_segments(columns) -%}
    {%- for name in var('segments') if execute and name not in understood_columns() and name | lower not in columns -%}
        {%- do exceptions.raise_compiler_error(
            'dbt var segments holds ' ~ name ~ ', a column of none of the event files; allowed: '
            ~ columns.values() | map(attribute='name') | join(', ')
        ) -%}
    {%- endfor -%}
{%- endmacro %}
