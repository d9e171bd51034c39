-- A function's body holds no dependency: the SaaS can go on altering and replacing its own table. One that is not
-- there reads as empty.
create or replace function pipeline.read_prices()
returns table (
    item text,
    unit_size numeric,
    amount numeric,
    currency text,
    effective_from timestamptz,
    effective_to timestamptz
)
language sql stable
as $tenantcast$
select
    @item::text,
    @unit_size::numeric,
    @amount::numeric,
    @currency::text,
    @effective_from::timestamptz,
    @effective_to::timestamptz
from @prices
$tenantcast$;
comment on function pipeline.read_prices is 'The one reading of the prices of the SaaS.';
