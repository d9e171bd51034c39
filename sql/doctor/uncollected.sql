-- One row: one ledger of files, and how many superseded ones its last run should have taken away. Those that a run
-- leaves because nobody knows which dashboard or summary is up are left out, and so are those that go with the next.
with due as (
    -- One row: until when files must have been superseded for the last run to take them.
    select
        max(started_at) filter (where verb = 'status') - cast(:kept as interval) as by_run,
        max(started_at) filter (where verb = 'export') - cast(:kept as interval) as by_export
    from pipeline.runs
    where verb in ('status', 'export') and state = 'done'
),

left_over as (
    -- One row: one file.
    select 'files' as ledger
    from pipeline.files as f
    where
        f.superseded_at > '-infinity'
        and f.superseded_at < (select by_run from due)
        and (
            select bool_and(d.content_hash <> '')
            from pipeline.files as d
            where f.tenant_id = d.tenant_id and d.kind = 'dashboard' and d.superseded_at is null
        )
    union all
    select 'platform_files' as ledger
    from pipeline.platform_files as p
    where
        p.superseded_at > '-infinity'
        and p.superseded_at < (select by_run from due)
        and (
            select bool_and(s.content_hash <> '')
            from pipeline.platform_files as s
            where s.kind = 'summary' and s.superseded_at is null
        )
    union all
    select 'exports' as ledger
    from pipeline.exports as e
    where
        e.superseded_at > '-infinity'
        and e.superseded_at < (select by_export from due)
)

select
    ledger,
    count(*) as files
from left_over
group by ledger
order by ledger
