-- One row: one kind of file of a tenant: those that are up, and those that another version has taken the place of.
select
    kind,
    count(*) filter (where superseded_at is null) as files,
    coalesce(sum(bytes) filter (where superseded_at is null), 0)::bigint as bytes,
    max(seq) filter (where superseded_at is null) as newest_seq,
    count(superseded_at) as superseded
from pipeline.files
where tenant_id = :tenant and not is_former
group by kind
order by kind <> 'dashboard', kind
