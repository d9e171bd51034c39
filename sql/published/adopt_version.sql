-- New code or settings shape documents anew: what was kept goes, and every tenant is due. In another store, or under
-- other keys, nothing is up: what is noted of files speaks of another place.
with before as (
    select documents_version
    from pipeline.progress
),

adopted as (
    update pipeline.progress
    set documents_version = :version
    where documents_version <> :version
    returning 1
),

forgotten as (
    delete from pipeline.long_periods
    where exists (select from adopted)
),

moved as (
    update pipeline.files
    set superseded_at = clock_timestamp()
    where
        superseded_at is null
        and exists (
            select from before as b
            where split_part(b.documents_version, ':', 2) not in ('', split_part(:version, ':', 2))
        )
),

platform_moved as (
    update pipeline.platform_files
    set superseded_at = clock_timestamp()
    where
        superseded_at is null
        and exists (
            select from before as b
            where split_part(b.documents_version, ':', 2) not in ('', split_part(:version, ':', 2))
        )
)

update pipeline.tenant_state
set published_through = null
where exists (select from adopted)
