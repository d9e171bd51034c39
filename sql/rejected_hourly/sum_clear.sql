delete from rollup.rejected_hourly as j
where j.source = :source and j.bucket_start in (select r.bucket_start from recounted as r)
