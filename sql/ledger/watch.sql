insert into pipeline.watched (oid, source, from_time, to_time)
values (:oid, :source, :from_time, :to_time)
on conflict (oid) do update
    set source = excluded.source, from_time = excluded.from_time, to_time = excluded.to_time
