update subscriptions set started_at = '2026-03-13T10:00:00Z' where id = 1
