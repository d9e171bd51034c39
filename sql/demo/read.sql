select
    seed,
    scale,
    tenants,
    days,
    starts_at,
    loaded_through
from pipeline.demo
