update pipeline.progress
set data_through = greatest(data_through, :through)
