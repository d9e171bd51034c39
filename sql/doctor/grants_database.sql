create role tenantcast login;
grant connect, temporary, create on database @database to tenantcast;
grant pg_read_all_stats to tenantcast;
