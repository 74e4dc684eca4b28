-- When a write given up for lost cannot run any more its record is looked at, once: what differs from then on
-- was typed there.
alter table shadow add column look_at timestamptz;
create index shadow_looks on shadow (look_at) where look_at is not null;
update shadow set look_at = hold_until where hold_until > now() - interval '90 s' and late is not null;
