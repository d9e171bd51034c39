insert into pipeline.mrr_progress (definition, timezone, day_through)
values (:definition, :timezone, :today)
on conflict (only_row) do update
    set
        definition = excluded.definition,
        timezone = excluded.timezone,
        day_through = excluded.day_through
