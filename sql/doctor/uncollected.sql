-- One row: one ledger of files, and how many superseded ones its last run should have taken away. Those that a run
-- leaves because nobody knows which dashboard or summary is up are left out, and so are those that go with the next.
with last_runs as (
    -- One row: the start of the last run of a verb that takes files away.
    select
        verb,
        max(started_at) as started_at
    from pipeline.runs
    where verb in ('status', 'export') and state = 'done'
    group by verb
),

due as (
    -- One row: one file.
    select
        'files' as ledger,
        'status' as verb,
        f.superseded_at
    from pipeline.files as f
    where
        f.superseded_at > '-infinity'
        and (
            select bool_and(d.content_hash <> '')
            from pipeline.files as d
            where f.tenant_id = d.tenant_id and d.kind = 'dashboard' and d.superseded_at is null
        )
    union all
    select
        'platform_files' as ledger,
        'status' as verb,
        p.superseded_at
    from pipeline.platform_files as p
    where
        p.superseded_at > '-infinity'
        and (
            select bool_and(s.content_hash <> '')
            from pipeline.platform_files as s
            where s.kind = 'summary' and s.superseded_at is null
        )
    union all
    select
        'exports' as ledger,
        'export' as verb,
        e.superseded_at
    from pipeline.exports as e
    where e.superseded_at > '-infinity'
)

select
    d.ledger,
    count(*) as files
from due as d
inner join last_runs as r on d.verb = r.verb
where d.superseded_at < r.started_at - cast(:kept as interval)
group by d.ledger
order by d.ledger
