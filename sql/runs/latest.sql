-- One row: one run, the newest first.
select
    run_id,
    verb,
    state,
    started_at,
    extract(epoch from took)::float8 as seconds,
    as_of,
    data_through,
    marks,
    buckets,
    oldest,
    days,
    tenants_changed,
    tenants_queued,
    rejected,
    waiting_marks,
    held_back_by,
    tenants_published,
    files_written,
    files_unchanged,
    bytes_written,
    tenants_failed,
    seq,
    reason,
    error
from pipeline.run_summary
order by run_id desc
limit :most
