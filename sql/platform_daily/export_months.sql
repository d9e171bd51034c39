-- One row: one month with rows in [:start, :end), and a digest of them that changes when any does.
select
    to_char(r.day, 'YYYY-MM') as month,
    count(*) as rows,
    count(*) filter (
        where pipeline.is_inexact(r.ai_tokens) or pipeline.is_inexact(r.cost) or pipeline.is_inexact(r.mrr)
    ) as inexact,
    sum(pipeline.hash_of(r::text))::text as digest
from rollup.platform_daily as r
where r.day >= cast(:start as date) and r.day < cast(:end as date)
group by month
order by month
