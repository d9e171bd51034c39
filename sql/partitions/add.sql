select pipeline.add_partition(:rollup, :partition, :lower_bound, :upper_bound)
