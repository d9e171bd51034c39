-- Takes the marks of one raw table in [:start, :end) that this snapshot sees: exactly those whose rows it sees too.
with taken as (
    delete from pipeline.marks
    where source = :source and bucket_start >= :start and bucket_start < :end
    returning whole, tenant_id, bucket_start
),

-- One row: one bucket to redo; a whole hour covers its tenants.
buckets as (
    select distinct
        whole_hour,
        bucket_start,
        case when not whole_hour then tenant_id end as tenant_id
    from (
        select
            tenant_id,
            bucket_start,
            bool_or(whole) over (partition by bucket_start) as whole_hour
        from taken
    ) as t
),

filled as (
    insert into redo (whole, tenant_id, bucket_start)
    select
        whole_hour,
        tenant_id,
        bucket_start
    from buckets
    where isfinite(bucket_start)
    returning 1
)

select
    (select count(*) from taken) as marks,
    (select count(*) from filled) as buckets
