-- New code shapes documents anew: what was kept goes, and every tenant is due.
with adopted as (
    update pipeline.progress
    set documents_version = :version
    where documents_version <> :version
    returning 1
),

forgotten as (
    delete from pipeline.long_periods
    where exists (select from adopted)
)

update pipeline.tenant_state
set published_through = null
where exists (select from adopted)
