-- What a write given up for lost would put there, should the vendor run it late: known until hold_until.
alter table shadow add column late jsonb;
