-- Each word that an entity is to be planned anew is a row of its own: one that came while an earlier one was being
-- taken was lost with it.
alter table replan drop constraint replan_pkey;
alter table replan add column id bigint generated always as identity primary key;
create index replan_entity on replan (entity_id);
