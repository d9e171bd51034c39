-- Deletes the earliest raw rows of the tenant, and those at no time: about as many as asked for.
delete from @relation
where
    @tenant_id = :tenant
    and (
        @created_at is null
        or @created_at <= (
            select max(s.at)
            from (
                select r.@created_at as at
                from @relation as r
                where r.@tenant_id = :tenant
                order by r.@created_at
                limit :most
            ) as s
        )
    )
