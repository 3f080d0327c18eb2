{#- Ends the run with one line that says what is allowed, when a var makes no sense. Runs before any model. -#}
{% macro validate_vars() -%}
    {%- do validate_shapes() -%}
    {%- set known = [
        'timezone', 'source_timezone', 'week_start', 'as_of_date', 'refreshed_at', 'active_event_types',
        'deduplicate_events', 'max_rejected_share', 'max_history_loss_share', 'segments', 'event_columns',
        'retention_by_segment_max_days',
    ] -%}
    {%- for name in invocation_args_dict.get('vars') or {} if name not in known -%}
        {%- do _reject_var(name, 'is not a var of this project', known | join(', ')) -%}
    {%- endfor -%}

    {%- for name in ['timezone', 'source_timezone'] if var(name) | string not in modules.pytz.all_timezones_set -%}
        {%- do _reject_var(name, _is(name), 'an IANA time zone such as UTC or America/Sao_Paulo') -%}
    {%- endfor -%}
    {%- if var('week_start') not in ['monday', 'sunday'] -%}
        {%- do _reject_var('week_start', _is('week_start'), 'monday or sunday') -%}
    {%- endif -%}
    {%- for name, type, example in [('as_of_date', 'date', '2026-03-31'), ('refreshed_at', 'timestamptz', '2026-03-31T04:00:00Z')] -%}
        {%- if execute and var(name) is not none and not _casts_to(var(name) | string, type) -%}
            {%- do _reject_var(name, _is(name), example ~ ' or the like, or null') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if var('deduplicate_events') is not boolean -%}
        {%- do _reject_var('deduplicate_events', _is('deduplicate_events'), 'true or false') -%}
    {%- endif -%}
    {%- for name in ['max_rejected_share', 'max_history_loss_share'] -%}
        {%- if var(name) is boolean or var(name) is not number or not 0 <= var(name) <= 1 -%}
            {%- do _reject_var(name, _is(name), 'a number from 0 to 1') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set max_days = var('retention_by_segment_max_days') -%}
    {%- if max_days is boolean or max_days is not integer or max_days < 1 -%}
        {%- do _reject_var('retention_by_segment_max_days', _is('retention_by_segment_max_days'), 'a whole number of days, at least 1') -%}
    {%- endif -%}

    {%- set taken = [
        'period_start', 'cohort_start', 'period_number', 'user_id', 'event_id', 'event_at', 'event_date', 'event_type',
        'transaction_category', 'amount', 'properties', 'source_file', 'is_complete', 'events', 'active_days',
        'lifetime_days', 'new_users', 'retained_users', 'resurrected_users', 'churned_users', 'active_users',
        'prior_active_users', 'cohort_size', 'retained_or_later_users', 'retention_rate', 'lifecycle_state',
        'first_seen_at', 'last_seen_at', 'first_seen_date', 'last_seen_date', 'source_record', 'source_line',
        'line_status', 'reject_reason',
    ] -%}
    {%- for name in var('segments') -%}
        {%- if not modules.re.fullmatch('[A-Za-z][A-Za-z0-9_]*', name) or name | lower in taken or (execute and is_reserved_word(name)) -%}
            {%- do _reject_var('segments', 'holds ' ~ name, 'column names of letters, digits and _ that are no SQL word and not the warehouse\'s own') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if var('segments') | map('lower') | list | unique | list | length != var('segments') | length -%}
        {%- do _reject_var('segments', 'names a column twice', 'each column once') -%}
    {%- endif -%}

    {%- set ours = understood_columns() -%}
    {%- for name, theirs in var('event_columns').items() -%}
        {%- if name not in ours or theirs is not string -%}
            {%- do _reject_var('event_columns', 'holds ' ~ name ~ ': ' ~ theirs, 'a column name of the files for any of ' ~ ours | join(', ')) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{#- The part of it that has to come before models are parsed, which go through these vars: ref() sees to that. -#}
{% macro validate_shapes() -%}
    {%- for name in ['active_event_types', 'segments'] if not _is_list_of_texts(var(name)) -%}
        {%- do _reject_var(name, _is(name), 'a list of names, such as [a, b]') -%}
    {%- endfor -%}
    {%- if var('event_columns') is not mapping -%}
        {%- do _reject_var('event_columns', _is('event_columns'), 'a mapping such as {user_id: customer_id}') -%}
    {%- endif -%}
{%- endmacro %}

{% macro _reject_var(name, problem, allowed) -%}
    {%- do exceptions.raise_compiler_error('dbt var ' ~ name ~ ' ' ~ problem ~ '; allowed: ' ~ allowed) -%}
{%- endmacro %}

{% macro _is(name) -%}
    {%- do return('is ' ~ ('null' if var(name) is none else 'empty' if var(name) == '' else var(name))) -%}
{%- endmacro %}

{% macro _casts_to(text, type) -%}
    {%- if not modules.re.fullmatch('[0-9TZ:. +-]+', text) -%}{%- do return(false) -%}{%- endif -%}
    {%- do return(run_query("select try_cast('" ~ text ~ "' as " ~ type ~ ") is not null")[0][0]) -%}
{%- endmacro %}

{% macro _is_list_of_texts(value) -%}
    {%- if value is string or value is mapping or value is not sequence -%}{%- do return(false) -%}{%- endif -%}
    {%- do return(value | reject('string') | list | length == 0) -%}
{%- endmacro %}
