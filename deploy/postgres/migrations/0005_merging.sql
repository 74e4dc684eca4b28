-- What a merge remembers beside values.

-- What is known of a side's fields beyond the values it holds:
--   unseen   paths that we wrote and have not seen since
--   mangled  path -> what we sent, where the side made something else of it
--   doubts   path -> times at which the first look after our write showed another value
--   held     path -> since when we write it no more: it went back and forth
alter table shadow add column marks jsonb not null default '{}';

-- Fields that a person must decide: path -> object -> {value, at}. Nothing is written for them meanwhile.
alter table entity add column parked jsonb not null default '{}';

-- Entities that a person's answer has changed: enrich plans their writes anew.
create table replan (
    entity_id uuid primary key,
    workspace text not null,
    asked_at  timestamptz not null default now()
);
