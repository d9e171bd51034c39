update @table
set @deleted_at = :deleted_at
where @id = :id
