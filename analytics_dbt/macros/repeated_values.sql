{#-
  The values of a column of hashes that stand in it more than once.
  They are sorted in 256 parts: as quick as to count them in a hash table, and where memory is short it works on disk.

  relation    relation with the column, of whole numbers; a NULL repeats nothing
-#}
{% macro repeated_values(relation, hash) -%}
    select distinct {{ hash }}
    from (
        select
            {{ hash }},
            lag({{ hash }}) over (partition by {{ hash }} % 256 order by {{ hash }}) as previous
        from {{ relation }}
    ) as sorted
    where {{ hash }} = previous
{%- endmacro %}
