drop trigger if exists tenantcast_insert on @relation;
drop trigger if exists tenantcast_update on @relation;
drop trigger if exists tenantcast_delete on @relation;
drop trigger if exists tenantcast_truncate on @relation;
