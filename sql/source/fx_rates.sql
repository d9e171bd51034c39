create or replace function pipeline.read_fx_rates()
returns table (
    base text,
    quote text,
    rate numeric,
    rate_date date,
    source text
)
language sql stable
as $tenantcast$
select
    @base::text,
    @quote::text,
    @rate::numeric,
    (@rate_date::timestamptz at time zone 'UTC')::date,
    @source::text
from @fx_rates
$tenantcast$;
comment on function pipeline.read_fx_rates is 'The one reading of the exchange rates of the SaaS: 1 base = rate quote.';
