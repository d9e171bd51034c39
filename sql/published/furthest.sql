select greatest(
    (select max(k.published_through) from pipeline.tenant_state as k),
    (select p.published_through from pipeline.progress as p)
) as through
