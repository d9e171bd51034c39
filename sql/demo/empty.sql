truncate table @table restart identity
