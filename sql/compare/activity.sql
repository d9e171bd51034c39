-- Tenants' days of the platform that are not what their stored hours add up to.
insert into differing (rollup, tenant_id, day, names, what, stored, recomputed, waiting)
select
    'activity_daily',
    t.tenant_id,
    t.day,
    1,
    array_remove(array[
        case when d.day is null then 'not stored' end,
        case when r.day is null then 'no hours' end,
        case when d.requests is distinct from r.requests then 'requests' end,
        case when d.ai_tokens is distinct from r.ai_tokens then 'ai_tokens' end,
        case when d.records is distinct from r.records then 'records' end
    ], null),
    coalesce(d.requests, 0),
    coalesce(r.requests, 0),
    (t.tenant_id, t.day) in (
        select
            m.tenant_id,
            m.day
        from pipeline.marked_activity as m
    )
from touched_activity as t
left join pipeline.activity_daily as d on t.tenant_id = d.tenant_id and t.day = d.day
left join right_activity as r on t.tenant_id = r.tenant_id and t.day = r.day
where
    (d.day, d.requests, d.ai_tokens, d.records)
    is distinct from (r.day, r.requests, r.ai_tokens, r.records)
