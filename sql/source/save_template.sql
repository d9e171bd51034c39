insert into pipeline.endpoint_templates (position, template, pattern, slashes, takes_rest)
values (:position, :template, :pattern, :slashes, :takes_rest)
