update pipeline.forgotten
set
    receipt = cast(:receipt as jsonb),
    finished_at = case when :complete then clock_timestamp() end
where digest = :digest
