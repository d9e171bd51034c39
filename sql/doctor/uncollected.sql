-- One row: one ledger of files, and how many of its superseded ones should have been taken away before :uncollected.
select
    w.ledger,
    count(*) as files
from (
    select
        'files' as ledger,
        f.superseded_at
    from pipeline.files as f
    union all
    select
        'platform_files' as ledger,
        p.superseded_at
    from pipeline.platform_files as p
    union all
    select
        'exports' as ledger,
        e.superseded_at
    from pipeline.exports as e
) as w
where w.superseded_at < :uncollected
group by w.ledger
order by w.ledger
