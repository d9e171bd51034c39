insert into pipeline.loads (sha256, file_name, target_table, rows, rejected)
values (:sha256, :file_name, :target_table, :rows, cast(:rejected as jsonb))
