insert into pipeline.sources (source, relation, columns)
values (:source, :relation, cast(:columns as jsonb))
on conflict (source) do update set relation = excluded.relation, columns = excluded.columns
