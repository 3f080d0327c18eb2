{#-
  Period arithmetic, all of it, on DATE. `grain` is 'day', 'week' or 'month'; a period is named by its first day.

  period_start('event_date', 'month')          -> the first day of the month of event_date
  period_start('event_date', 'week', 'sunday') -> the Sunday on or before event_date
  add_periods('period_start', 1, 'week')       -> the first day of the week after
  periods_between('a', 'b', 'month')           -> how many months lie from period a to period b (0 if equal)
-#}
{% macro period_start(date, grain, week_start='monday') -%}
    {%- if grain == 'day' -%}
        cast({{ date }} as date)
    {%- elif grain == 'week' and week_start == 'sunday' -%}
        {#- date_trunc knows Monday weeks only: look one day ahead, then step one day back -#}
        cast({{ dbt.dateadd('day', -1, dbt.date_trunc('week', dbt.dateadd('day', 1, date))) }} as date)
    {%- else -%}
        cast({{ dbt.date_trunc(grain, date) }} as date)
    {%- endif -%}
{%- endmacro %}

{% macro add_periods(period, number, grain) -%}
    cast({{ dbt.dateadd(grain, number, period) }} as date)
{%- endmacro %}

{% macro periods_between(first, last, grain) -%}
    {%- if grain == 'week' -%}
        {#- datediff('week') counts Mondays; whole weeks are counted in days so that Sunday weeks are right too -#}
        cast({{ dbt.datediff(first, last, 'day') }} / 7 as integer)
    {%- else -%}
        cast({{ dbt.datediff(first, last, grain) }} as integer)
    {%- endif -%}
{%- endmacro %}
