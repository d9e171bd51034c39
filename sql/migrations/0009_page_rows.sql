-- Weeks and months have pages of their own; what is kept of the periods says whose days they are.
alter table pipeline.long_periods add column if not exists zone text;
