-- One row where the platform's days are in this zone.
select platform_zone
from pipeline.progress
where platform_zone = :timezone
