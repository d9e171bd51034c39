insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at)
values ('kobo', '/v1/chat', 200, 30, '2026-03-05T09:00:00Z');

update api_requests
set created_at = '2026-03-08T23:30:00Z'
where tenant_id = 'kobo' and created_at = '2026-03-08T22:30:00Z';

delete from usage_records
where tenant_id = 'kobo';
