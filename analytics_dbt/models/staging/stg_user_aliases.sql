{%- set longest_chain = 50 -%}

with recursive source as (
    select * from {{ source('raw', 'user_aliases') }}
),

renamed as (
    select distinct
        trim(alias_id) as alias_id,
        trim(user_id) as user_id
    from source
    where trim(alias_id) != trim(user_id)
),

-- an alias of an alias is followed to the user at its end
chains as (
    select
        alias_id,
        user_id,
        1 as links,
        alias_id || ' -> ' || user_id as trail
    from renamed

    union all

    select
        chains.alias_id,
        renamed.user_id,
        chains.links + 1 as links,
        chains.trail || ' -> ' || renamed.user_id as trail
    from chains
    inner join renamed on chains.user_id = renamed.alias_id
    where chains.links < {{ longest_chain }}
),

ends as (
    select
        alias_id,
        user_id,
        case
            when links = {{ longest_chain }} then {{ stop_with(
                "'user_aliases: the chain ' || left(trail, 60) || ' ... never ends; remove one of its rows'"
            ) }}
        end as endless
    from chains
    where user_id not in (select alias_id from renamed) or links = {{ longest_chain }}
)

select
    alias_id,
    user_id
from ends
where endless is null
