insert into pipeline.long_periods (tenant_id, today, periods)
values (:tenant, :today, :periods)
on conflict (tenant_id) do update
    set today = excluded.today, periods = excluded.periods
