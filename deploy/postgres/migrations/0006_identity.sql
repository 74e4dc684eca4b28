-- Who a record is, while only a person can say: found by others under its keys, held against its candidates.

create table unresolved (
    workspace   text not null,
    object      text not null,
    external_id text not null,
    surely      boolean not null,              -- it is one of its candidates; which is the question
    fields      jsonb not null,                -- what it says of itself, to be compared with
    keys        text[] not null,
    candidates  uuid[] not null,               -- for these nothing is created in this object
    primary key (workspace, object, external_id)
);
create index unresolved_by_key on unresolved using gin (keys);
create index unresolved_by_candidate on unresolved using gin (candidates);

-- ignored: a person said that this record is none of ours.
alter table crosswalk drop constraint crosswalk_status_check;
alter table crosswalk add constraint crosswalk_status_check
    check (status in ('active', 'merged_into', 'deleted', 'orphan', 'ignored'));
