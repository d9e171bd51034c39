update @table
set @plan = :plan
where @id = :id
