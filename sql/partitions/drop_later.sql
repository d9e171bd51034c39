insert into pipeline.dropping (name)
values (:partition)
on conflict do nothing
