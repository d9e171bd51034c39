-- One row where the platform's days are not in this zone yet: always at first.
update pipeline.progress
set platform_zone = :timezone
where platform_zone is distinct from :timezone
returning platform_zone
