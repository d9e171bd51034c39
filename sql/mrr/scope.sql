-- One row: from when on days of all tenants are redone, and from when on any.
create temp table mrr_scope on commit drop as
select
    cast(:day_from as date) as day_from,
    least(cast(:day_from as date), min(r.day_from)) as first_day,
    cast(:today as date) as today,
    cast(:currency as text) as currency
from mrr_redo as r
