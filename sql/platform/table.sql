create table if not exists pipeline.platform_files (
    path text primary key,
    kind text not null,
    page text not null,
    content_hash text not null,
    bytes int not null,
    seq bigint not null,
    superseded_at timestamptz,
    is_former boolean not null default false
);
create unique index if not exists platform_files_current on pipeline.platform_files (kind, page, is_former)
where superseded_at is null;
comment on table pipeline.platform_files is
'Every file of the platform in the store: current ones, and superseded ones until they are collected.';
comment on column pipeline.platform_files.path is 'Path under the store''s root.';
comment on column pipeline.platform_files.kind is 'summary, daily, mrr, tenants.';
comment on column pipeline.platform_files.page is 'Page within its kind: a month, a number; empty for the summary.';
comment on column pipeline.platform_files.content_hash is
'SHA-256 of the content without its stamps: equal means nothing to write. Blank: its write may have been cut off.';
comment on column pipeline.platform_files.bytes is 'Size, gzip.';
comment on column pipeline.platform_files.seq is 'seq of the publish that wrote it.';
comment on column pipeline.platform_files.superseded_at is
'When another version took its place; null: current. -infinity: to be collected by the next run.';
comment on column pipeline.platform_files.is_former is
'Under the keys of an earlier secret; current while that is named as the previous one.';
