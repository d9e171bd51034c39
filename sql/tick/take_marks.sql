-- Takes the marks of one raw table in [:start, :end) that this snapshot sees: exactly those whose rows it sees too.
with taken as (
    delete from pipeline.marks
    where source = :source and bucket_start >= :start and bucket_start < :end
    returning whole, tenant_id, bucket_start
),

-- One row: one hour, marked whole or not.
hours as (
    select
        bucket_start,
        bool_or(whole) as whole
    from taken
    group by bucket_start
),

-- One row: one bucket to redo; a whole hour covers its tenants.
buckets as (
    select distinct
        h.whole,
        h.bucket_start,
        case when not h.whole then t.tenant_id end as tenant_id
    from taken as t
    inner join hours as h on t.bucket_start = h.bucket_start
),

filled as (
    insert into redo (whole, tenant_id, bucket_start)
    select
        whole,
        tenant_id,
        bucket_start
    from buckets
    where isfinite(bucket_start)
    returning 1
)

select
    (select count(*) from taken) as marks,
    (select count(*) from filled) as buckets
