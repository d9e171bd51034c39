insert into pipeline.progress (schema_version) values (:version)
on conflict (only_row) do update
    set schema_version = excluded.schema_version
