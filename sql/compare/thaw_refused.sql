-- Rows that came for a frozen hour are among the raw rows that are rolled up now: they are refused no more.
delete from pipeline.rejected_by_tenant as j
where
    j.source = :source
    and j.reason = 'beyond_horizon'
    and j.bucket_start in (select r.bucket_start from redo as r)
