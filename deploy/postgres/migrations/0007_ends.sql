-- Ends of records: what was merged into what, deletions that are counted, held or answered, sweeps of ids.

alter table crosswalk add column merged_into text;  -- id of the survivor, in the same object
create index crosswalk_orphans on crosswalk (entity_id) where status = 'orphan';
create index crosswalk_redirects on crosswalk (workspace, object, merged_into) where merged_into is not null;

-- One row a record that ended, so that many at once are noticed before they are passed on.
create table tombstone (
    workspace   text not null,
    object      text not null,
    external_id text not null,
    entity_type text not null,
    state       text not null check (state in ('suspected', 'buried', 'held', 'released', 'discarded')),
    found_at    timestamptz not null default now(),
    primary key (workspace, object, external_id)
);
create index tombstone_recent on tombstone (workspace, entity_type, found_at);

-- A child that changed its parent on one side: what a merge of two parents leaves behind.
create table moved_child (
    workspace   text not null,
    system      text not null,
    from_entity uuid not null,
    to_entity   uuid not null,
    child       text not null,                 -- one of them, as evidence
    moved_at    timestamptz not null default now(),
    primary key (workspace, system, from_entity, to_entity)
);

-- A walk over all ids of an object: what it lists is noted until the end, then compared.
create table sweep (
    workspace  text not null,
    object     text not null,
    started_at timestamptz,                    -- null: none is under way
    page       text,                           -- where it goes on after a restart
    ended_at   timestamptz not null default now(),
    primary key (workspace, object)
);
create table sweep_listed (
    workspace   text not null,
    object      text not null,
    external_id text not null,
    primary key (workspace, object, external_id)
);
