-- The next tick derives all days anew.
delete from pipeline.mrr_progress
