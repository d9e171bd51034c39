-- A simulated SaaS begins, without any row yet.
insert into pipeline.demo as d (seed, scale, tenants, days, starts_at)
values (:seed, :scale, :tenants, :days, :starts_at)
on conflict (only_row) do update set
    seed = excluded.seed,
    scale = excluded.scale,
    tenants = excluded.tenants,
    days = excluded.days,
    starts_at = excluded.starts_at,
    loaded_through = null,
    changed_as_of = null
