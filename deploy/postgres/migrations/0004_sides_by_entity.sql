-- Every batch of enrich asks where its entities are or were, a dead side included.
create index crosswalk_by_entity on crosswalk (entity_id) where status <> 'orphan';
