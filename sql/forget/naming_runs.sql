-- One row: one entry of the run ledger, of the load ledger or of a repricing whose text holds one of the words.
select
    'runs' as ledger,
    r.run_id as entry,
    jsonb_build_object('report', r.report, 'reason', r.reason, 'error', r.error) as said
from pipeline.runs as r
where
    exists (
        select from unnest(cast(:words as text[])) as w (word)
        where position(w.word in concat_ws(' ', r.report::text, r.reason, r.error)) > 0
    )
union all
select
    'loads',
    l.load_id,
    jsonb_build_object('report', l.rejected, 'reason', l.file_name)
from pipeline.loads as l
where exists (select from unnest(cast(:words as text[])) as w (word) where position(w.word in l.file_name) > 0)
union all
select
    'repricings',
    p.repricing,
    jsonb_build_object('reason', p.reason)
from pipeline.repricings as p
where exists (select from unnest(cast(:words as text[])) as w (word) where position(w.word in p.reason) > 0)
