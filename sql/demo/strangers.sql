-- Whether there are rows that the simulated SaaS cannot have made.
select exists(
    select
    from @table as r
    where
        r.@tenant is not null
        and not r.@tenant::text = any(cast(:known as text[]))
) as found
