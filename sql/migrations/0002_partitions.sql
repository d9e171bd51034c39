-- Rollup tables become partitioned by time: what is there goes on as the partition of the past.
alter table pipeline.progress add column if not exists hours_from timestamptz;
alter table pipeline.progress add column if not exists days_from date;

alter table rollup.api_hourly rename to api_hourly_past;
alter index rollup.api_hourly_pkey rename to api_hourly_past_pkey;
alter index rollup.api_hourly_bucket_start rename to api_hourly_past_bucket_start;

alter table rollup.usage_hourly rename to usage_hourly_past;
alter index rollup.usage_hourly_pkey rename to usage_hourly_past_pkey;
alter index rollup.usage_hourly_bucket_start rename to usage_hourly_past_bucket_start;

alter table rollup.api_daily rename to api_daily_past;
alter index rollup.api_daily_pkey rename to api_daily_past_pkey;
alter index rollup.api_daily_day rename to api_daily_past_day;

alter table rollup.usage_daily rename to usage_daily_past;
alter index rollup.usage_daily_pkey rename to usage_daily_past_pkey;
alter index rollup.usage_daily_day rename to usage_daily_past_day;

-- Raw rows without an hour were not marked before: they are counted once.
insert into pipeline.marks (source, whole, bucket_start)
values
('api_requests', true, '-infinity'),
('usage_records', true, '-infinity');
