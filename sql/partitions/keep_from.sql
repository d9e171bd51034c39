-- From here on nothing before these is written or merged anew; pages made of hours that go have to go as well.
with kept as (
    update pipeline.progress
    set
        hours_from = greatest(hours_from, cast(:hours_from as timestamptz)),
        days_from = greatest(days_from, cast(:days_from as date))
    returning
        hours_from,
        days_from,
        data_through
),

forgotten as (
    delete from pipeline.purged_hours as p
    using kept as k
    where p.bucket_start < k.hours_from
)

insert into pipeline.queue (tenant_id, data_through)
select distinct
    f.tenant_id,
    k.data_through
from pipeline.files as f
cross join kept as k
where
    f.superseded_at is null
    and (
        (f.kind = 'hourly' and f.page_to <= k.hours_from)
        or (f.kind = 'daily' and f.page < to_char(k.days_from, 'YYYY-MM'))
    )
