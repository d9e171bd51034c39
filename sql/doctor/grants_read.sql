grant select on @relation to tenantcast;
