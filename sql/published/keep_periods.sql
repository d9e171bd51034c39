insert into pipeline.long_periods (tenant_id, today, zone, periods)
values (:tenant, :today, :zone, :periods)
on conflict (tenant_id) do update
    set today = excluded.today, zone = excluded.zone, periods = excluded.periods
