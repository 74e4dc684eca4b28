-- Systems of the platform that not every workspace has (optional in connector.yaml) and this grant is for.
alter table connection add column systems text[] not null default '{}';
