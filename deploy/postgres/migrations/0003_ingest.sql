-- What ingest remembers: grants, subscriptions, reads that are due, how far each object was polled.

-- Keys of a workspace, wrapped by the key-encryption key, which never enters the database.
create table workspace_key (
    workspace  text not null,
    version    int not null,
    wrapped    bytea not null,
    created_at timestamptz not null default now(),
    primary key (workspace, version)
);

create table connection (
    workspace             text not null,
    platform              text not null check (platform in ('freshbooks', 'zoho')),
    account               jsonb not null,       -- account_id, business_id, organization_id, api_domain, ...
    scopes                text[] not null default '{}',
    access_token          bytea not null,       -- sealed, as is the refresh token
    refresh_token         bytea not null,
    generation            bigint not null default 1,  -- grows with each pair stored
    stored_at             timestamptz not null default clock_timestamp(),
    expires_at            timestamptz not null,
    state                 text not null default 'ok' check (state in ('ok', 'reconnect_needed', 'paused')),
    refresh_until         timestamptz,          -- the lease, in database time
    refresh_mark          text,                 -- fingerprint of the token being spent; left over: lost answer
    refresh_marked_at     timestamptz,
    token_calls           timestamptz[] not null default '{}',
    token_calls_closed_until timestamptz,
    primary key (workspace, platform)
);
-- An organization belongs to one workspace: its limits are shared by whoever calls it.
create unique index connection_freshbooks_account on connection ((account ->> 'account_id'))
    where platform = 'freshbooks';
create unique index connection_zoho_organization on connection ((account ->> 'organization_id'))
    where platform = 'zoho';

create table subscription (
    key           text primary key,             -- our part of the address: 128 random bits
    workspace     text not null,
    system        text not null,
    object        text not null,
    event         text not null,
    external_id   text not null default '',
    secret        bytea,                        -- sealed; proves deliveries
    state         text not null default 'wanted'
                  check (state in ('wanted', 'registered', 'verified', 'active', 'lapsing', 'silent', 'disabled')),
    address       text not null default '',     -- where the vendor was told to deliver
    asked_at      timestamptz,                  -- a handshake is taken for 10 minutes from here
    expires_at    timestamptz,
    due_at        timestamptz not null default now(),  -- when the subscriber looks at it again
    attempt       int not null default 0,
    unique (workspace, system, object, event)
);

-- One row a record: doubles coalesce. Due while hints > read_hints; kept a day after its read, so that
-- the poller can tell which changes no hint announced.
create table due_read (
    workspace   text not null,
    object      text not null,
    external_id text not null,
    lane        smallint not null,              -- 0 live, 1 retry, 2 verify, 3 backfill: the best one asked for
    hints       bigint not null default 1,
    read_hints  bigint not null default 0,
    hinted_at   timestamptz not null,
    received_at timestamptz not null,           -- of the oldest hint not yet served
    not_before  timestamptz not null,
    read_at     timestamptz,
    read_stamp  timestamptz,                    -- the vendor's stamp of the version last read
    attempt     int not null default 0,
    partition   int not null,                   -- where the newest hint stands in its topic
    "offset"    bigint not null,
    primary key (workspace, object, external_id)
) with (fillfactor = 70);
create index due_read_queue on due_read (workspace, object, lane, received_at) where hints > read_hints;

create table poll_cursor (
    workspace   text not null,
    object      text not null,
    seen_until  timestamptz,                    -- the true cursor: newest vendor stamp taken in
    first_done  boolean not null default false, -- the first walk from the beginning has ended
    caught_up   boolean not null default false, -- a walk has ended since ingest started
    page        text,                           -- where a walk goes on after a restart
    page_since  timestamptz,
    polled_at   timestamptz,
    primary key (workspace, object)
);

-- One process reads or polls an object at a time: saves calls, nothing's correctness rests on it.
create table ingest_lease (
    workspace text not null,
    purpose   text not null,                    -- 'read', 'poll' or 'subscribe'
    object    text not null,
    owner     text not null,
    until     timestamptz not null,
    primary key (workspace, purpose, object)
);
