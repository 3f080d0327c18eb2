{#-
  Makes the tables of source `raw` before any model runs. Left to the models that select from them, two threads would
  make the same table at once, or a transaction would have begun before the table it reads was there.
-#}
{% macro load_sources() -%}
    {%- for table in ['input_files', 'malformed_lines', 'event_stream', 'user_aliases', 'excluded_users'] -%}
        {%- do source('raw', table) -%}
    {%- endfor -%}
{%- endmacro %}
