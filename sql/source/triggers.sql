-- On the table and on every partition: rows that go straight into a partition fire nothing on its parent.
-- noqa: disable=PRS
create or replace trigger tenantcast_insert after insert on @relation
referencing new table as new_rows
for each statement execute function pipeline.mark_@source_insert();

create or replace trigger tenantcast_update after update on @relation
referencing old table as old_rows new table as new_rows
for each statement execute function pipeline.mark_@source_update();

create or replace trigger tenantcast_delete after delete on @relation
referencing old table as old_rows
for each statement execute function pipeline.mark_@source_delete();

create or replace trigger tenantcast_truncate after truncate on @relation
for each statement execute function pipeline.mark_@source_truncate();
