create or replace function pipeline.read_quotas()
returns table (
    tenant_id @tenant_id_type,
    quota_type text,
    limit_amount numeric,
    period text,
    anchor_day numeric
)
language sql stable
as $tenantcast$
select
    @tenant_id::@tenant_id_type,
    @quota_type::text,
    @limit_amount::numeric,
    @period::text,
    @anchor_day::numeric
from @quotas
$tenantcast$;
comment on function pipeline.read_quotas is 'The one reading of the quotas of the SaaS.';
