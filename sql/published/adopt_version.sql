-- New code or settings shape documents anew: what was kept goes, and every tenant is due. That a previous secret is
-- named no longer changes no document.
with adopted as (
    update pipeline.progress
    set documents_version = :version
    where documents_version <> :version
    returning 1
),

forgotten as (
    delete from pipeline.long_periods
    where :due and exists (select from adopted)
)

update pipeline.tenant_state
set published_through = null
where :due and exists (select from adopted)
