-- What PostgreSQL remembers of the road: what was seen, what is to publish, where reading goes on,
-- what waits, what left the road.

create table inbox (
    workspace      text not null,
    object         text not null,
    external_id    text not null,
    remote_version text not null,
    content_hash   text not null,
    outcome        text not null default 'done' check (outcome in ('done', 'dead_letter', 'reopened')),
    seen_at        timestamptz not null default now(),
    primary key (workspace, object, external_id, remote_version, content_hash)
);
create index inbox_by_age on inbox using brin (seen_at);

-- A row is published until it has an ack. `headers` is a JSON array of [name, text] pairs, or
-- [name, {"base64": text}] for bytes that are no plain UTF-8.
create table outbox (
    id         bigint generated always as identity primary key,
    topic      text not null,
    key        bytea not null,
    value      bytea,
    headers    text not null,
    created_at timestamptz not null default now(),
    acked_at   timestamptz
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create index outbox_unacked on outbox (id) where acked_at is null;
create index outbox_by_age on outbox using brin (created_at);

-- Moves forward only; `batch_start` is the first offset of the last batch: two owners cannot both move it.
create table consumer_offset (
    group_name  text not null,
    cluster_id  text not null,
    topic       text not null,
    partition   int not null,
    next_offset bigint not null,
    batch_start bigint not null,
    updated_at  timestamptz not null default now(),
    primary key (group_name, cluster_id, topic, partition)
) with (fillfactor = 50);

-- A key that had to wait, with its later records; `id` is their order.
create table parked (
    id          bigint generated always as identity primary key,
    group_name  text not null,
    topic       text not null,
    partition   int not null,
    "offset"    bigint not null,
    key         bytea not null,
    value       bytea,
    headers     text not null,
    recorded_at timestamptz not null,          -- the record's own timestamp
    attempts    int not null,                  -- how often a step has judged it
    step        int not null,                  -- how far up the wait ladder it is
    reason      text not null,
    waits_for   text,
    due_at      timestamptz not null,
    parked_at   timestamptz not null default now()
);
create index parked_by_key on parked (group_name, topic, key, id);
create index parked_due on parked (group_name, due_at);
create index parked_waiting on parked (waits_for) where waits_for is not null;

-- The index of the dlq topics, which are the log: rows can be made again from them.
create table dead_letter (
    id            text primary key,
    topic         text not null,               -- where it came from
    partition     int not null,
    "offset"      bigint not null,
    consumer_group text not null,
    dlq_topic     text not null,
    dlq_partition int,
    dlq_offset    bigint,                      -- null until the record was read back from its topic
    reason        text not null,
    error_class   text not null,
    message       text not null,
    fingerprint   text not null,
    workspace     text not null,
    source        text not null,
    record_key    text not null,
    event_id      text not null,
    parent_id     text,
    status        text not null default 'open' check (status in ('open', 'redriving', 'resolved', 'discarded')),
    created_at    timestamptz not null default now()
);
create index dead_letter_open on dead_letter (created_at) where status = 'open';
create index dead_letter_by_fingerprint on dead_letter (fingerprint);
