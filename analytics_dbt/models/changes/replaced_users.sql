{#- Reads int_users as it was published, before that model takes these users out. -#}
-- depends_on: {{ ref('touched_users') }}
{%- if is_update() %}
select * from {{ as_published('intermediate', 'int_users') }}
where {{ of_touched_users() }}
{%- else %}
-- a full build replaces nobody
select user_id from {{ ref('touched_users') }}
where false
{%- endif %}
