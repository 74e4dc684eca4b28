-- A connection keeps its id through every reconnect. Our application at the vendor lies sealed beside the
-- tokens, so that stages renew them without a setting; null: the stages' settings name it.
alter table connection
    add column id uuid not null default gen_random_uuid(),
    add column connected_at timestamptz not null default clock_timestamp(),  -- of the newest consent
    add column application bytea;
create unique index connection_by_id on connection (id);
