select exists(select from @table) as found
