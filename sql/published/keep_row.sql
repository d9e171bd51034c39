insert into pipeline.page_rows (
    tenant_id, kind, first_day, days, requests, client_errors, server_errors, duration_ms_sum, duration_count,
    ai_tokens, us_min, us_max, p50_key, p95_key, p99_key
)
values (
    :tenant, :kind, :first_day, :days, :requests, :client_errors, :server_errors, :duration_ms_sum, :duration_count,
    :ai_tokens, :us_min, :us_max, :p50_key, :p95_key, :p99_key
)
