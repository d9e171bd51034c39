-- Takes the marks of rows without an hour, and the counts that they put in doubt: all of them once a tenant has been
-- forgotten, whose counts bear no id.
with taken as (
    delete from pipeline.marks
    where source = :source and bucket_start = '-infinity'
    returning
        whole,
        tenant_id
),

filled as (
    insert into redo (whole, tenant_id, bucket_start)
    select distinct
        whole or exists (select from pipeline.forgotten),
        tenant_id,
        timestamptz '-infinity'
    from taken
    returning
        whole,
        tenant_id
),

noted as (
    insert into recounted (bucket_start)
    select timestamptz '-infinity'
    where exists (select from taken)
),

cleared as (
    delete from pipeline.rejected_by_tenant as j
    where
        j.source = :source
        and j.bucket_start = '-infinity'
        and exists (select from filled as f where f.whole or f.tenant_id is not distinct from j.tenant_id)
)

select count(*) as marks from taken
