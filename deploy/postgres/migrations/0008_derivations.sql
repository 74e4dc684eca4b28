-- What flows made of what: one row a derived document, written with it and for good.
create table derivation (
    entity_id uuid primary key references entity (id) deferrable initially deferred,
    source_id uuid not null references entity (id) deferrable initially deferred,
    workspace text not null,
    flow      text not null,
    part      text not null,                   -- '' where one trigger gives one document
    basis     jsonb,                           -- the trigger's fields it was made from; null: made before they were kept
    asked     jsonb                            -- the trigger's fields a person was last asked about
);
create index derivation_by_source on derivation (source_id);

insert into derivation (entity_id, source_id, workspace, flow, part)
select e.id, s.id, e.workspace, split_part(substr(e.origin, 6), '/', 1), ''
  from entity e join entity s on s.id::text = split_part(e.origin, '/', 2)
 where e.origin like 'flow:%';
