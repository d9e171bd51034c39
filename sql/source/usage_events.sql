-- The one reading of raw usage records. A row whose amount or kind cannot be used is rejected whole: amount is null.
-- Calls are counted from the requests themselves; a record of them would count them twice.
create or replace function pipeline.usage_events(from_time timestamptz, to_time timestamptz)
returns table (
    tenant_id @tenant_id_type,
    bucket_start timestamptz,
    quota_type text,
    amount numeric,
    rejected text[]
)
language sql stable parallel safe
as $tenantcast$
select
    r.@tenant_id,
    pipeline.hour_of(pipeline.utc(r.@created_at)),
    left(r.@quota_type::text, 300),
    case
        when
            r.@amount between 0 and 1e30
            and r.@quota_type::text <> 'api_calls'
            and length(r.@quota_type::text) <= pipeline.name_room(r.@tenant_id)
            then r.@amount::numeric
    end,
    array_remove(array[
        case when r.@tenant_id is null then 'tenant_missing' end,
        case when r.@quota_type is null then 'quota_type_missing'
            when r.@quota_type::text = 'api_calls' then 'quota_type_reserved'
            when length(r.@quota_type::text) > pipeline.name_room(r.@tenant_id) then 'quota_type_too_long' end,
        case when r.@amount is null then 'amount_missing'
            when r.@amount < 0 then 'amount_negative'
            when r.@amount::text in ('NaN', 'Infinity') then 'amount_not_finite'
            when r.@amount > 1e30 then 'amount_too_large' end
    ], null)
from @usage_records as r
where
    r.@created_at >= pipeline.like_column(from_time, null::@created_at_type)
    and r.@created_at < pipeline.like_column(to_time, null::@created_at_type)
$tenantcast$;
comment on function pipeline.usage_events is
'Raw usage records of [from_time, to_time): the hour, the usable values, and why the others are not.';
