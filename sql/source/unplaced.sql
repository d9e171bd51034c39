-- noqa: disable=PRS
-- Raw rows whose time cannot be told as an hour: missing, infinite, or where no calendar of ours goes.
create or replace function pipeline.unplaced_@source() returns table (tenant_id @tenant_id_type)
language sql stable parallel safe
as $tenantcast$
select r.@tenant_id
from @relation as r
where
    r.@created_at is null
    or r.@created_at < pipeline.like_column(timestamptz '1001-01-01 00:00:00+00', null::@created_at_type)
    or r.@created_at >= pipeline.like_column(timestamptz '9999-01-01 00:00:00+00', null::@created_at_type)
$tenantcast$;
comment on function pipeline.unplaced_@source is
'One row a raw row whose time is missing, infinite, or not in the years 1001 to 9998; they are counted under the '
'hour -infinity.';
