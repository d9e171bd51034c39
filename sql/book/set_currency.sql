update pipeline.progress set currency = :currency
