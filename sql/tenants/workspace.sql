create temp table changed on commit drop as
select
    tenant_id,
    name,
    plan,
    timezone,
    zone,
    deleted,
    false as rezoned
from pipeline.tenant_state
with no data;
