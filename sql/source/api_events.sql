-- The one reading of raw requests: what a row's hour is, and which of its values can be used.
-- Plain enough for the planner to inline, so that the raw table's indexes serve the callers' conditions.
create or replace function pipeline.api_events(from_time timestamptz, to_time timestamptz)
returns table (
    tenant_id @tenant_id_type,
    bucket_start timestamptz,
    endpoint text,
    status_code int,
    duration_us bigint,
    rejected text[]
)
language sql stable parallel safe
as $tenantcast$
select
    r.@tenant_id,
    pipeline.hour_of(pipeline.utc(r.@created_at)),
    -- 300 characters, fewer beside a very long id.
    left(coalesce(@named_endpoint, ''), pipeline.name_room(r.@tenant_id)),
    case when r.@status_code between 100 and 599 then r.@status_code::int end,
    -- Whole microseconds, rounded once per row. A year is the longest request that is believed.
    case when r.@duration_ms between 0 and 31622400000 then (r.@duration_ms * 1000::numeric)::bigint end,
    array_remove(array[
        case when r.@tenant_id is null then 'tenant_missing' end,
        case when r.@duration_ms < 0 then 'duration_negative'
            when r.@duration_ms::text in ('NaN', 'Infinity') then 'duration_not_finite'
            when r.@duration_ms > 31622400000 then 'duration_too_long' end,
        case when r.@status_code is null then 'status_missing'
            when r.@status_code not between 100 and 599 then 'status_unknown' end,
        case
            when
                length(r.@endpoint::text) > pipeline.name_room(r.@tenant_id)
                and length(@named_endpoint) > pipeline.name_room(r.@tenant_id)
                then 'endpoint_too_long'
        end
    ], null)
from @api_requests as r
where
    r.@created_at >= pipeline.like_column(from_time, null::@created_at_type)
    and r.@created_at < pipeline.like_column(to_time, null::@created_at_type)
$tenantcast$;
comment on function pipeline.api_events is
'Raw requests of [from_time, to_time): the hour, the usable values, and why the others are not.';
