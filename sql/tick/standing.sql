-- One row: what a tick leaves behind: marks of hours that are not over, and tenants that wait to be published.
select
    w.marks,
    w.oldest,
    w.newest,
    (select count(distinct q.tenant_id) from pipeline.queue as q) as tenants
from (
    select
        count(*) as marks,
        min(bucket_start) as oldest,
        max(bucket_start) as newest
    from pipeline.marks
    where bucket_start >= :through
) as w
