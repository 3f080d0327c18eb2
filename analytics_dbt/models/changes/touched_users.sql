with touched_user_days as (
    select * from {{ ref('touched_user_days') }}
)

select distinct user_id
from touched_user_days
