grant usage on schema @schema to tenantcast;
