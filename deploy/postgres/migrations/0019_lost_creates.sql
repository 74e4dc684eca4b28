-- Creates whose answer was lost and that are sent again: until one is answered, nobody knows what is there.
create table lost_create (
    entity_id  uuid not null,
    object     text not null,
    role       text not null,
    intent_id  uuid not null references intent (id),
    look_after timestamptz not null,           -- then it is looked for before anything is created again
    late_until timestamptz not null,           -- the vendor may still run the lost call until then
    late       jsonb not null,                 -- what it would put there: {fields, bases}
    primary key (entity_id, object, role)
);
