select template
from pipeline.endpoint_templates
order by position
