-- Nobody is as late as that.
delete from pipeline.closed_paths
where swept_until <= clock_timestamp()
