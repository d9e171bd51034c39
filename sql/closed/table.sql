-- Addresses that were closed at once are looked at again: a publisher that slept through it may still put a file there.
create table if not exists pipeline.closed_paths (
    path text primary key,
    swept_until timestamptz not null,
    looked_at timestamptz
);
comment on table pipeline.closed_paths is
'Paths that were removed so that nobody reads them any more: of deleted tenants, of addresses closed at once, of the '
'platform and of exports before somebody was forgotten.';
comment on column pipeline.closed_paths.path is 'The path under the store''s root.';
comment on column pipeline.closed_paths.looked_at is 'When it was looked at last; null: not yet.';
comment on column pipeline.closed_paths.swept_until is
'Until when each publish looks whether a late one has left something.';
