-- Partitions of the rollup tables. They are made beside the table and then attached, which stops no reader; PARTITION
-- OF would. There is no default partition: it would have to be locked whenever one is added, and none could be taken
-- away concurrently. The tick makes what its chunks need before it fills them.
create or replace function pipeline.add_partition(rollup text, partition text, lower_bound text, upper_bound text)
returns void
language plpgsql
as $$
begin
    execute format('create table rollup.%I (like rollup.%I including defaults)', partition, rollup);
    execute format(
        'alter table rollup.%I attach partition rollup.%I for values from (%L) to (%L)',
        rollup,
        partition,
        lower_bound,
        upper_bound
    );
end
$$;
comment on function pipeline.add_partition is 'Makes an empty partition of a rollup table and attaches it.';

-- The first partition takes all that lies before the ordinary ones. A table from before there were partitions becomes
-- the first one, up to the month or year after its last row.
create or replace function pipeline.add_past(rollup text, time_column text, unit text) returns void
language plpgsql
as $$
declare
    past text := rollup || '_past';
    upper_bound timestamp := '2000-01-01';
begin
    if exists (select from pg_catalog.pg_inherits where inhparent = format('rollup.%I', rollup)::regclass) then
        return;
    end if;
    if to_regclass(format('rollup.%I', past)) is null then
        execute format('create table rollup.%I (like rollup.%I including defaults)', past, rollup);
    else
        execute format(
            'select greatest(%L, date_trunc(%L, max(%I) at time zone ''UTC'') + %L::interval) from rollup.%I',
            upper_bound,
            unit,
            time_column,
            '1 ' || unit,
            past
        ) into upper_bound;
    end if;
    execute format(
        'alter table rollup.%I attach partition rollup.%I for values from (minvalue) to (%L)',
        rollup,
        past,
        to_char(upper_bound, 'YYYY-MM-DD') || case when unit = 'month' then ' 00:00:00+00' else '' end
    );
end
$$;
comment on function pipeline.add_past is 'Gives a rollup table its first partition, where it has none.';

create table if not exists pipeline.dropping (name text primary key);
comment on table pipeline.dropping is
'Partitions that retention has given up: nothing is filled there any more, and they are dropped as soon as no reader '
'holds on to them.';
comment on column pipeline.dropping.name is 'Name of the partition, in schema rollup.';

do $$
begin
    perform pipeline.add_past('api_hourly', 'bucket_start', 'month');
    perform pipeline.add_past('usage_hourly', 'bucket_start', 'month');
    perform pipeline.add_past('api_daily', 'day', 'year');
    perform pipeline.add_past('usage_daily', 'day', 'year');
end
$$;
