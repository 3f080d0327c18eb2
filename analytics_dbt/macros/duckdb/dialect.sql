{#-
  Everything that only DuckDB understands, each behind a dispatched macro: on another engine these are to be written
  again (as `<adapter>__<name>`), and nothing else.
-#}

{#- The name of a column of the files, whatever stands in it, as SQL takes it. -#}
{% macro quoted(column) -%}
    {{- return(adapter.quote(column.name | replace('"', '""'))) -}}
{%- endmacro %}

{#- A column of the files as text; JSON texts lose their quotes. -#}
{% macro as_text(column) -%}{{ adapter.dispatch('as_text')(column) }}{%- endmacro %}
{% macro duckdb__as_text(column) -%}
    {%- if column.dtype == 'JSON' -%}
        ({{ quoted(column) }} ->> '$')
    {%- else -%}
        {{ quoted(column) }}::varchar
    {%- endif -%}
{%- endmacro %}

{#-
  A text without the spaces around it, those of Unicode too. Nearly all texts are ASCII without any, and to see that costs
  a third of trimming.
-#}
{% macro trimmed(text) -%}{{ adapter.dispatch('trimmed')(text) }}{%- endmacro %}
{% macro duckdb__trimmed(text) -%}
    case
        when strlen({{ text }}) = length({{ text }}) and {{ text }} not like ' %' and {{ text }} not like '% ' then {{ text }}
        else trim({{ text }})
    end
{%- endmacro %}

{#- The values of these columns as a JSON object without the missing ones, NULL if there is none. -#}
{% macro json_object_of(columns) -%}{{ adapter.dispatch('json_object_of')(columns) }}{%- endmacro %}
{% macro duckdb__json_object_of(columns) -%}
    {%- if columns -%}
        {%- set pairs = [] -%}
        {%- for column in columns -%}
            {%- do pairs.append("'" ~ column.name | replace("'", "''") ~ "', " ~ quoted(column)) -%}
        {%- endfor -%}
        {#- merging a patch drops the keys that are null in it -#}
        nullif(json_merge_patch('{}', json_object({{ pairs | join(', ') }})), '{}')
    {%- else -%}
        cast(null as json)
    {%- endif -%}
{%- endmacro %}

{#- Columns as one value: equal exactly when each of them is, NULLs being equal to each other. -#}
{% macro row_of(columns) -%}{{ adapter.dispatch('row_of')(columns) }}{%- endmacro %}
{% macro duckdb__row_of(columns) -%}row({{ columns | join(', ') }}){%- endmacro %}

{#- A hash of one or more expressions. -#}
{% macro hash_of(expressions) -%}{{ adapter.dispatch('hash_of')(expressions) }}{%- endmacro %}
{% macro duckdb__hash_of(expressions) -%}hash({{ expressions }}){%- endmacro %}

{#-
  The values of a column of hashes that stand in it more than once.
  Sorted, equal ones are neighbours; a window with an empty OVER takes rows in the order they come, which is a promise of
  DuckDB's. That costs a fifth of sorting within a window and a third of counting in a hash table, and where memory is
  short it works on disk.

  relation    relation with the column, of whole numbers; a NULL repeats nothing
-#}
{% macro repeated_values(relation, hash) -%}{{ adapter.dispatch('repeated_values')(relation, hash) }}{%- endmacro %}
{% macro duckdb__repeated_values(relation, hash) -%}
    select distinct {{ hash }}
    from (
        select
            {{ hash }},
            lag({{ hash }}) over () as previous
        from (select {{ hash }} from {{ relation }} order by {{ hash }}) as sorted
    ) as neighbours
    where {{ hash }} = previous
{%- endmacro %}

{#-
  A text as an instant in UTC, NULL if it is none: ISO 8601 with or without offset (without: in `time_zone`), or epoch
  seconds (9 to 11 digits) or milliseconds (12 to 14). DuckDB also takes words such as `infinity`: a digit must lead.
  The form that nearly all texts have comes first: it is read in a third of the time that any other takes.
-#}
{% macro parse_instant(text, time_zone) -%}{{ adapter.dispatch('parse_instant')(text, time_zone) }}{%- endmacro %}
{% macro duckdb__parse_instant(text, time_zone) -%}
    case
        {#- a TIMESTAMP cast ignores an offset, so it may only see texts without one, or in UTC #}
        when regexp_full_match(
            {{ text }}, '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?Z{{ '?' if time_zone == 'UTC' }}'
        )
            then try_cast({{ text }} as timestamp)
        when regexp_full_match({{ text }}, '[0-9]{9,11}([.][0-9]+)?')
            then make_timestamp(cast(cast({{ text }} as decimal(38, 6)) * 1000000 as bigint))
        when regexp_full_match({{ text }}, '[0-9]{12,14}([.][0-9]+)?')
            then make_timestamp(cast(cast({{ text }} as decimal(38, 6)) * 1000 as bigint))
        when not regexp_matches({{ text }}, '^[0-9]{4}-')
            then case
                when regexp_full_match({{ text }}, '[0-9]{8}T[0-9]{6}Z')
                    then try_strptime({{ text }}, '%Y%m%dT%H%M%SZ')
                when regexp_full_match({{ text }}, '[0-9]{8}T[0-9]{6}')
                    then timezone('UTC', timezone('{{ time_zone }}', try_strptime({{ text }}, '%Y%m%dT%H%M%S')))
            end
        {%- if time_zone != 'UTC' %}
        when not regexp_matches({{ text }}, '[0-9]{2}:[0-9]{2}.*([Zz]|[+-][0-9:]+| [A-Za-z/_]+)$')
            then timezone('UTC', timezone('{{ time_zone }}', try_cast({{ text }} as timestamp)))
        {%- endif %}
        else timezone('UTC', try_cast({{ text }} as timestamptz))
    end
{%- endmacro %}

{#- A column that is a date or timestamp already, as an instant in UTC; nothing for other types. -#}
{% macro native_instant(column, time_zone) -%}
    {{- return(adapter.dispatch('native_instant')(column, time_zone)) -}}
{%- endmacro %}
{% macro duckdb__native_instant(column, time_zone) -%}
    {%- set name = quoted(column) -%}
    {%- if column.dtype == 'TIMESTAMP WITH TIME ZONE' -%}
        {%- do return("timezone('UTC', " ~ name ~ ")") -%}
    {%- elif column.dtype in ['DATE', 'TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS'] -%}
        {%- set local = name ~ '::timestamp' -%}
        {%- do return(local if time_zone == 'UTC' else "timezone('UTC', timezone('" ~ time_zone ~ "', " ~ local ~ '))') -%}
    {%- endif -%}
{%- endmacro %}

{#- The local date, in a time zone, of an instant in UTC. -#}
{% macro local_date(instant, time_zone) -%}{{ adapter.dispatch('local_date')(instant, time_zone) }}{%- endmacro %}
{% macro duckdb__local_date(instant, time_zone) -%}
    {%- if time_zone == 'UTC' -%}
        cast({{ instant }} as date)
    {%- else -%}
        cast(timezone('{{ time_zone }}', timezone('UTC', {{ instant }})) as date)
    {%- endif -%}
{%- endmacro %}

{#- A text as a number, NULL if it is none; DuckDB takes `inf` and `nan` for numbers, a sum does not. -#}
{% macro try_number(text) -%}{{ adapter.dispatch('try_number')(text) }}{%- endmacro %}
{% macro duckdb__try_number(text) -%}
    case when isfinite(try_cast({{ text }} as double)) then try_cast({{ text }} as double) end
{%- endmacro %}

{#- A column that is a number already, as a floating point number, NULL if it is not finite; nothing for other types. -#}
{% macro native_number(column) -%}{{- return(adapter.dispatch('native_number')(column)) -}}{%- endmacro %}
{% macro duckdb__native_number(column) -%}
    {%- if column.dtype in ['DOUBLE', 'FLOAT', 'BIGINT', 'INTEGER', 'SMALLINT', 'TINYINT'] -%}
        {%- set number = quoted(column) ~ '::double' -%}
        {%- do return('case when isfinite(' ~ number ~ ') then ' ~ number ~ ' end') -%}
    {%- endif -%}
{%- endmacro %}

{#- Stops the query with a message for people. -#}
{% macro stop_with(message) -%}{{ adapter.dispatch('stop_with')(message) }}{%- endmacro %}
{% macro duckdb__stop_with(message) -%}error({{ message }}){%- endmacro %}

{#- One row per date from `first` to `last`, both included, as column `date_day`. -#}
{% macro date_rows(first, last) -%}{{ adapter.dispatch('date_rows')(first, last) }}{%- endmacro %}
{% macro duckdb__date_rows(first, last) -%}
    select cast(unnest(generate_series({{ first }}, {{ last }}, interval 1 day)) as date) as date_day
{%- endmacro %}

{#- A floating point number of 64 bits; dbt.type_float() is one of 32 here. -#}
{% macro type_double() -%}{{ adapter.dispatch('type_double')() }}{%- endmacro %}
{% macro duckdb__type_double() -%}double{%- endmacro %}

{#- Whether SQL gives this word a meaning of its own, so that it cannot stand as a column's name without quotes. -#}
{% macro is_reserved_word(name) -%}{{ return(adapter.dispatch('is_reserved_word')(name)) }}{%- endmacro %}
{% macro duckdb__is_reserved_word(name) -%}
    {%- do return(run_query(
        "select count(*) from duckdb_keywords() where keyword_category in ('reserved', 'type_function') "
        "and keyword_name = '" ~ name | lower ~ "'"
    )[0][0] > 0) -%}
{%- endmacro %}
