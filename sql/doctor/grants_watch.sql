grant select, trigger on @relation to tenantcast;
