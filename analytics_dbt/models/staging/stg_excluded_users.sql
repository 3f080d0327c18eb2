with source as (
    select * from {{ source('raw', 'excluded_users') }}
),

aliases as (
    select * from {{ ref('stg_user_aliases') }}
),

renamed as (
    select trim(user_id) as user_id
    from source
),

-- whoever is excluded under one name is excluded under all
resolved as (
    select distinct coalesce(aliases.user_id, renamed.user_id) as user_id
    from renamed
    left join aliases on renamed.user_id = aliases.alias_id
    where renamed.user_id != ''
)

select * from resolved
