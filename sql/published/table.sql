create table if not exists pipeline.files (
    tenant_id @tenant_id_type not null,
    path text not null,
    kind text not null,
    page text not null,
    content_hash text not null,
    bytes int not null,
    page_from timestamptz,
    page_to timestamptz,
    seq bigint not null,
    superseded_at timestamptz,
    is_former boolean not null default false,
    shortened text,
    primary key (tenant_id, path)
);
create unique index if not exists files_current on pipeline.files (tenant_id, kind, page, is_former)
where superseded_at is null;
create index if not exists files_superseded on pipeline.files (superseded_at) where superseded_at is not null;
comment on table pipeline.files is
'Every file in the store: current ones, and superseded ones until they are collected.';
comment on column pipeline.files.tenant_id is 'Tenant.';
comment on column pipeline.files.path is 'Path under the store''s root.';
comment on column pipeline.files.kind is 'dashboard, hourly, daily, costs.';
comment on column pipeline.files.page is
'Page within its kind: a day, a month, a month and a number; empty for the dashboard.';
comment on column pipeline.files.content_hash is
'SHA-256 of the content without its stamps: equal means nothing to write.';
comment on column pipeline.files.bytes is 'Size, gzip.';
comment on column pipeline.files.page_from is 'Start of what the page covers.';
comment on column pipeline.files.page_to is 'End of what the page covers.';
comment on column pipeline.files.seq is 'seq of the publish that wrote it.';
comment on column pipeline.files.superseded_at is
'When another version took its place; null: current. -infinity: to be collected by the next run.';
comment on column pipeline.files.is_former is
'Under the keys of an earlier secret; current while that is named as the previous one.';
comment on column pipeline.files.shortened is
'How many entries lists of a dashboard show at most, where the byte budget leaves fewer than usual; null: as usual.';

create table if not exists pipeline.tenant_keys (
    tenant_id @tenant_id_type primary key,
    generation int not null
);
comment on table pipeline.tenant_keys is 'Generation of a tenant''s address, where it is not the first.';
comment on column pipeline.tenant_keys.tenant_id is 'Tenant.';
comment on column pipeline.tenant_keys.generation is 'Counts up when an address is replaced.';

create table if not exists pipeline.long_periods (
    tenant_id @tenant_id_type primary key,
    today date not null,
    periods text not null
);
comment on table pipeline.long_periods is
'The dashboard''s periods of whole days, as JSON: they change at the tenant''s midnight or when one of their days '
'does, so that an hourly publish reads only the last hours.';
comment on column pipeline.long_periods.tenant_id is 'Tenant.';
comment on column pipeline.long_periods.today is 'The tenant''s day on which they hold.';
comment on column pipeline.long_periods.periods is 'JSON object by period.';
